using Gpux.Runtime.Generation;

namespace Gpux.Runtime.Tests.Generation;

/// <summary>Whole generations of two recorded models, their logits computed by <see cref="PlainDecoder"/>s.</summary>
public sealed class RecordedGenerationTests
{
    private static readonly RecordedCase Gpt2 = RecordedCase.Load("models", "gpt2");
    private static readonly RecordedCase Bart = RecordedCase.Load("models", "bart");
    private static readonly PlainMath Gpt2Weights = new(Path.Combine(Gpt2.Repository, "model.safetensors"));
    private static readonly PlainMath BartWeights = new(Path.Combine(Bart.Repository, "model.safetensors"));

    public static TheoryData<string> Gpt2Generations => [.. Generations(Gpt2)];
    public static TheoryData<string> BartGenerations => [.. Generations(Bart)];

    [Theory]
    [MemberData(nameof(Gpt2Generations))]
    public void Decoder_only_model_generates_what_was_recorded(string name)
    {
        var config = Settings(Gpt2, name);
        var result = new TokenGenerator(new PlainGpt2(Gpt2Weights), config).Generate(Input(Gpt2, name), CancellationToken.None);
        AssertRecorded(Gpt2, name, result);
    }

    [Theory]
    [MemberData(nameof(BartGenerations))]
    public void Encoder_decoder_model_generates_what_was_recorded(string name)
    {
        var (config, input) = (Settings(Bart, name), Input(Bart, name));
        var generator = new TokenGenerator(new PlainBart(BartWeights, input), config, new GenerationOptions { EncoderInput = input });
        AssertRecorded(Bart, name, generator.Generate(config.DecoderStart(input.Rows), CancellationToken.None));
    }

    [Fact]
    public void Prompt_is_read_once_for_all_beams()
    {
        var decoder = new PlainGpt2(Gpt2Weights);
        var prompt = Input(Gpt2, "beam3");
        new TokenGenerator(decoder, Settings(Gpt2, "beam3") with { MaxNewTokens = 1 }).Generate(prompt, CancellationToken.None);
        Assert.Equal(prompt.Length, decoder.TokensRead);
    }

    [Fact]
    public void Stream_yields_the_tokens_of_generate()
    {
        var (config, prompt) = (Settings(Gpt2, "greedy"), Input(Gpt2, "greedy"));
        var stream = new TokenGenerator(new PlainGpt2(Gpt2Weights), config).Stream(prompt, CancellationToken.None);
        Assert.Null(stream.StopReason);
        Assert.Equal(Gpt2.ReadIds("greedy/out/sequences")[prompt.Length..], stream);
        Assert.Equal(StopReason.Length, stream.StopReason);
    }

    private static IEnumerable<string> Generations(RecordedCase of) =>
        of.Description.GetProperty("generation").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()!);

    private static GenerationConfig Settings(RecordedCase of, string name) =>
        GenerationConfig.Load(ModelFiles.InFolder(of.Repository)).With(of.Entry("generation", name).GetProperty("arguments"));

    private static TokenBatch Input(RecordedCase of, string name)
    {
        var shape = of.Shape(name + "/in/input_ids");
        bool[] attended = [.. of.Read<long>(name + "/in/attention_mask").Select(mark => mark == 1)];
        return new TokenBatch((int)shape[0], (int)shape[1], of.ReadIds(name + "/in/input_ids"), attended);
    }

    private static void AssertRecorded(RecordedCase of, string name, GenerationResult result)
    {
        var shape = of.Shape(name + "/out/sequences");
        Assert.Equal([shape[0], shape[1]], (long[])[result.Padded.Rows, result.Padded.Length]);
        Assert.Equal(of.ReadIds(name + "/out/sequences"), result.Padded.Ids.ToArray());
        if (!of.Has(name + "/out/sequences_scores"))
            return;
        var scores = of.Read<float>(name + "/out/sequences_scores");
        Assert.Equal(scores.Length, result.Sequences.Count);
        for (var i = 0; i < scores.Length; i++)
            Assert.Equal(scores[i], result.Sequences[i].Score!.Value, 2e-5f * (1 + Math.Abs(scores[i])));
    }
}
