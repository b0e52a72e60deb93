using Gpux.Registries.Mlflow;

namespace Gpux.Registries.Tests.Mlflow;

public sealed class MlflowReferenceTests
{
    [Theory]
    [InlineData("models:/churn/3", "mlflow:churn@3")]
    [InlineData("models:/churn/latest", "mlflow:churn@latest")]
    [InlineData("models:/churn/Production", "mlflow:churn@Production")]
    [InlineData("models:/churn@champion", "mlflow:churn@champion")]
    [InlineData("models:/churn@3", "mlflow:churn@alias:3")]
    [InlineData("models:/churn@staging", "mlflow:churn@alias:staging")]
    [InlineData("models:/two words/1", "mlflow:two words@1")]
    [InlineData("models:/a@b@champion", "mlflow:a@b@champion")]
    [InlineData("models:/a@b/latest", "mlflow:a@b@latest")]
    [InlineData("mlflow:churn", "mlflow:churn")]
    [InlineData("mlflow://churn/3", "mlflow:churn@3")]
    [InlineData("runs:/0a1b/some/path@2", "mlflow:runs/0a1b/some/path@2")]
    [InlineData("runs:/0a1b", "mlflow:runs/0a1b")]
    [InlineData("models:/m-0123456789abcdef0123456789abcdef", "mlflow:m-0123456789abcdef0123456789abcdef")]
    public void Native_spellings_have_one_canonical_form(string native, string canonical)
    {
        var model = TestMachine.Parse(native);
        Assert.Equal(canonical, model.ToString());
        Assert.Equal(model, TestMachine.Parse(canonical));
        Assert.Equal(MlflowReference.Target(model), MlflowReference.Target(TestMachine.Parse(canonical)));
    }

    [Fact]
    public void Revisions_mean_what_MLflow_means()
    {
        Assert.Equal(new MlflowTarget.Registered("m", new VersionChoice.Number("3")), MlflowReference.Target(TestMachine.Parse("models:/m/3")));
        Assert.Equal(new MlflowTarget.Registered("m", new VersionChoice.Alias("3")), MlflowReference.Target(TestMachine.Parse("models:/m@3")));
        Assert.Equal(new MlflowTarget.Registered("m", new VersionChoice.Stage("Staging")), MlflowReference.Target(TestMachine.Parse("models:/m/staging")));
        Assert.Equal(new MlflowTarget.Registered("m", new VersionChoice.Latest()), MlflowReference.Target(TestMachine.Parse("mlflow:m")));
        Assert.Equal(new MlflowTarget.Run("0a", "x/y"), MlflowReference.Target(TestMachine.Parse("runs:/0a/x/y")));
    }

    [Theory]
    [InlineData("models:/")]
    [InlineData("models:/m/")]
    [InlineData("models:/m@")]
    [InlineData("models:/m/3/x")]
    [InlineData("models:/m/nosuchstage")]
    [InlineData("runs:/")]
    [InlineData("runs:/0a/../b")]
    [InlineData("runs:/0 a/b")]
    [InlineData("mlflow:a:b")]
    public void Broken_references_are_refused(string text) => Assert.Throws<InvalidReferenceException>(() => TestMachine.Parse(text));
}
