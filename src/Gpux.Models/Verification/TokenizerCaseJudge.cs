using Gpux.Conversion.Verification;
using Gpux.Runtime.Tokenizers.Verification;

namespace Gpux.Models.Verification;

/// <summary>Judges a tokenizer: every id, offset, mask and text must be the original's.</summary>
internal static class TokenizerCaseJudge
{
    public static CaseResult Judge(Recording recording)
    {
        var verdict = TokenizerJudge.Judge(recording.Folder);
        return verdict.Failure is { } difference ? CaseResult.Failed(recording, difference)
            : verdict.Unsupported is { } what ? CaseResult.Unsupported(recording, $"tokenizer: {what}") : CaseResult.Passed(recording);
    }
}
