using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Checkpoints.Pickle;
using Gpux.Conversion.Checkpoints.Torch;

namespace Gpux.Conversion.Tests.Checkpoints.Pickle;

public sealed class PickleReaderTests
{
    [Theory]
    [InlineData("posix", "system")]
    [InlineData("os", "system")]
    [InlineData("subprocess", "Popen")]
    [InlineData("builtins", "eval")]
    [InlineData("__builtin__", "getattr")]
    [InlineData("torch", "load")]
    [InlineData("importlib.util", "module_from_spec")]
    [InlineData("", "system")]
    [InlineData("x os", "system")]
    public void A_name_that_runs_something_is_refused_where_it_is_mentioned(string module, string name)
    {
        var pickle = new PickleWriter().Code((byte)'}').Text("x").Global(module, name).Code((byte)'s').Stop();

        var refusal = Assert.Throws<PickleRefusedException>(() => Read(pickle));

        Assert.Equal((ErrorCode.PickleRefused, 9, "f.bin"), (refusal.Code, refusal.Offset, refusal.File));
        Assert.Contains($"'{module}.{name}'", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("torch.hub", "load_state_dict_from_url")]
    [InlineData("somepackage.tools", "run")]
    [InlineData("numpy.testing._private.utils", "runstring")]
    public void A_function_of_another_package_may_be_named_and_not_called(string module, string name)
    {
        Assert.IsType<PickleGlobal>(Read(new PickleWriter().Global(module, name).Stop()));
        var called = new PickleWriter().Global(module, name).Code((byte)')', (byte)'R').Stop();
        Assert.Contains($"calls '{module}.{name}'", Assert.Throws<PickleRefusedException>(() => Read(called)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_object_of_an_unknown_class_is_what_the_file_says_of_it()
    {
        var pickle = new PickleWriter().Global("somepackage.models", "Net").Code((byte)')', 0x81)
            .Code((byte)'}').Text("width").Number(7).Code((byte)'s', (byte)'b').Stop();

        var thing = Assert.IsType<PickleObject>(Read(pickle));

        Assert.Equal("somepackage.models.Net", thing.Type.FullName);
        Assert.Equal(7L, Assert.IsType<PickleDictionary>(thing.State).Find("width"));
    }

    [Fact]
    public void Numbers_of_any_size_are_read()
    {
        Assert.Equal(-2L, Read([0x80, 2, 0x8a, 1, 0xfe, (byte)'.']));
        Assert.Equal(System.Numerics.BigInteger.Pow(2, 70), Read([0x80, 2, 0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 64, (byte)'.']));
        Assert.Equal(1.5, Read([0x80, 2, (byte)'G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, (byte)'.']));
    }

    [Theory]
    [InlineData("80 02 7d", "ends in the middle")]
    [InlineData("80 02 7d 7d 2e", "values left over")]
    [InlineData("80 02 52 2e", "takes a value where there is none")]
    [InlineData("80 02 7d 75 2e", "a mark that is not there")]
    [InlineData("80 02 7d 28 4b 01 75 2e", "a key without a value")]
    [InlineData("80 02 68 63 2e", "which it did not keep")]
    [InlineData("80 02 58 ff ff ff 7f 61 2e", "bytes that it announces")]
    [InlineData("80 02 58 02 00 00 00 c3 28 2e", "no UTF-8")]
    [InlineData("80 04 8e 00 00 00 00 00 00 00 40 2e", "announces 4611686018427387904 bytes")]
    [InlineData("80 02 8b fb ff ff ff 2e", "an integer of -5 bytes")]
    [InlineData("80 09 7d 2e", "protocol 9")]
    [InlineData("80 02 fe 2e", "instruction 0xfe")]
    [InlineData("80 02 28 7d 2e", "values left over")]
    public void A_damaged_pickle_is_refused(string hex, string problem)
    {
        var pickle = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

        Assert.Contains(problem, Assert.Throws<InvalidCheckpointException>(() => Read(pickle)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Depth_and_number_of_values_are_limited()
    {
        byte[] deep = [0x80, 2, (byte)')', .. Enumerable.Repeat((byte)0x85, 10_000), (byte)'.'];
        byte[] many = [0x80, 2, .. Enumerable.Repeat((byte)']', 4_000_000), (byte)'.'];

        Assert.Contains("deep inside", Assert.Throws<InvalidCheckpointException>(() => Read(deep)).Message, StringComparison.Ordinal);
        Assert.Contains("more than 3000000 values", Assert.Throws<InvalidCheckpointException>(() => Read(many)).Message, StringComparison.Ordinal);
    }

    private static object? Read(byte[] pickle) =>
        new PickleReader(pickle, "f.bin", 0, new TorchCalls("f.bin").Call, _ => throw new InvalidOperationException("No id is in these.")).Read();
}
