namespace Gpux.Bench.Inputs;

/// <summary>A decoder in the form of GPT-2 with as many parameters as today's models of 7B: 6.7 G, 13.5 GB as float16.</summary>
internal static class Gpt2Shape
{
    private const int Hidden = 4096, Layers = 32, Heads = 32, Vocabulary = 50257, Positions = 4096;

    public const string Name = "gpt2-6.7b";

    public static string Config { get; } = $$"""
        {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": {{Hidden}}, "n_layer": {{Layers}}, "n_head": {{Heads}}, "n_positions": {{Positions}},
         "vocab_size": {{Vocabulary}}, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "torch_dtype": "float16"}
        """;

    public static IEnumerable<(string Name, long[] Shape)> Tensors()
    {
        List<(string, long[])> tensors = [("wte.weight", [Vocabulary, Hidden]), ("wpe.weight", [Positions, Hidden])];
        void Norm(string name) => tensors.AddRange([($"{name}.weight", [Hidden]), ($"{name}.bias", [Hidden])]);
        // The original's weights lie as [inputs, outputs].
        void Conv1D(string name, long inputs, long outputs) => tensors.AddRange([($"{name}.weight", [inputs, outputs]), ($"{name}.bias", [outputs])]);
        for (var i = 0; i < Layers; i++)
        {
            Norm($"h.{i}.ln_1");
            Conv1D($"h.{i}.attn.c_attn", Hidden, 3 * Hidden);
            Conv1D($"h.{i}.attn.c_proj", Hidden, Hidden);
            Norm($"h.{i}.ln_2");
            Conv1D($"h.{i}.mlp.c_fc", Hidden, 4 * Hidden);
            Conv1D($"h.{i}.mlp.c_proj", 4 * Hidden, Hidden);
        }
        Norm("ln_f");
        return tensors;
    }
}
