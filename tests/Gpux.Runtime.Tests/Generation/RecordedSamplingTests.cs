using System.Text.Json;
using Gpux.Runtime.Generation;

namespace Gpux.Runtime.Tests.Generation;

public sealed class RecordedSamplingTests
{
    private static readonly Dictionary<string, string> RuleNames = new()
    {
        ["SequenceBiasLogitsProcessor"] = "SequenceBiases",
        ["NoBadWordsLogitsProcessor"] = "SequenceBiases",
        ["RepetitionPenaltyLogitsProcessor"] = "RepetitionPenalty",
        ["EncoderRepetitionPenaltyLogitsProcessor"] = "EncoderRepetitionPenalty",
        ["NoRepeatNGramLogitsProcessor"] = "NoRepeatNgram",
        ["EncoderNoRepeatNGramLogitsProcessor"] = "EncoderNoRepeatNgram",
        ["MinLengthLogitsProcessor"] = "MinLength",
        ["MinNewTokensLengthLogitsProcessor"] = "", // always beside MinLength, which does the same then
        ["ForcedBOSTokenLogitsProcessor"] = "ForcedBos",
        ["ForcedEOSTokenLogitsProcessor"] = "ForcedEos",
        ["InfNanRemoveLogitsProcessor"] = "RemoveInvalidValues",
        ["ExponentialDecayLengthPenalty"] = "ExponentialDecayLengthPenalty",
        ["SuppressTokensLogitsProcessor"] = "SuppressTokens",
        ["SuppressTokensAtBeginLogitsProcessor"] = "BeginSuppressTokens",
        ["TemperatureLogitsWarper"] = "Temperature",
        ["TopHLogitsWarper"] = "TopH",
        ["TopKLogitsWarper"] = "TopK",
        ["TopPLogitsWarper"] = "TopP",
        ["MinPLogitsWarper"] = "MinP",
        ["TypicalLogitsWarper"] = "TypicalP",
        ["EpsilonLogitsWarper"] = "EpsilonCutoff",
        ["EtaLogitsWarper"] = "EtaCutoff",
        ["LogitNormalization"] = "Renormalization",
    };

    public static TheoryData<string> Cases => [.. RecordedCase.Names("sampling")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_become_the_recorded_scores(string name)
    {
        var recorded = RecordedCase.Load("sampling", name);
        var tolerance = recorded.Description.GetProperty("tolerance");
        var (absolute, relative) = (tolerance.GetProperty("abs").GetDouble(), tolerance.GetProperty("rel").GetDouble());
        foreach (var run in recorded.Description.GetProperty("runs").EnumerateArray())
        {
            var at = run.GetProperty("name").GetString();
            var shape = recorded.Shape($"{at}/in/input_ids");
            var ids = new TokenBatch((int)shape[0], (int)shape[1], recorded.ReadIds($"{at}/in/input_ids"));
            var processed = SamplingJudge.Process(run.GetProperty("arguments"), recorded.Read<float>($"{at}/in/logits"), ids,
                recorded.Description.GetProperty("prompt_length").GetInt32());

            Assert.Equal(Rules(run), processed.Rules);
            Assert.Equal(recorded.Read<byte>($"{at}/out/removed"), processed.Removed.Select(removed => removed ? (byte)1 : (byte)0));
            AssertClose(recorded.Read<float>($"{at}/out/scores"), processed.Scores, absolute, relative);
            AssertClose(recorded.Read<float>($"{at}/out/probabilities"), processed.Probabilities, absolute, relative);
        }
    }

    private static IEnumerable<string> Rules(JsonElement run) => run.GetProperty("processors").EnumerateArray()
        .Select(rule => RuleNames[rule.GetString()!]).Where(rule => rule.Length > 0);

    private static void AssertClose(float[] expected, float[] actual, double absolute, double relative)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= absolute + relative * Math.Abs(expected[i]), $"[{i}]: {actual[i]}, not {expected[i]}");
    }
}
