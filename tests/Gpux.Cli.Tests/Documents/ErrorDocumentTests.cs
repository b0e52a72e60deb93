using System.Text.RegularExpressions;

namespace Gpux.Cli.Tests.Documents;

public sealed partial class ErrorDocumentTests
{
    [Fact]
    public void Every_error_code_has_exactly_one_entry_in_order()
    {
        var entries = Entry().Matches(Document.Load("docs/errors.md").Text).Select(match => match.Groups[1].Value);
        Assert.Equal(Enum.GetValues<ErrorCode>().Order().Select(code => $"GPUX{(int)code} {code}"), entries);
    }

    [GeneratedRegex(@"^## (GPUX.*)$", RegexOptions.Multiline)]
    private static partial Regex Entry();
}
