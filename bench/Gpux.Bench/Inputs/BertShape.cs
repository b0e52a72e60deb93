namespace Gpux.Bench.Inputs;

/// <summary>A BERT encoder with its pooler.</summary>
/// <remarks>Source: arXiv:1810.04805, section 3; names as google-bert/bert-base-uncased.</remarks>
internal sealed record BertShape(string Name, int Hidden, int Layers, int Heads, int Inner, int Vocabulary)
{
    private const int Positions = 512;

    /// <summary>109 M parameters, 438 MB as float32.</summary>
    public static BertShape Base { get; } = new("bert-base", Hidden: 768, Layers: 12, Heads: 12, Inner: 3072, Vocabulary: 30522);

    public static BertShape Small { get; } = new("bert-small", Hidden: 128, Layers: 2, Heads: 2, Inner: 512, Vocabulary: 1000);

    public string Config => $$"""
        {"architectures": ["BertModel"], "model_type": "bert", "hidden_size": {{Hidden}}, "num_hidden_layers": {{Layers}}, "num_attention_heads": {{Heads}},
         "intermediate_size": {{Inner}}, "hidden_act": "gelu", "vocab_size": {{Vocabulary}}, "max_position_embeddings": {{Positions}}, "type_vocab_size": 2,
         "layer_norm_eps": 1e-12, "pad_token_id": 0, "torch_dtype": "float32"}
        """;

    public IEnumerable<(string Name, long[] Shape)> Tensors()
    {
        List<(string, long[])> tensors = [];
        void Norm(string name) => tensors.AddRange([($"{name}.weight", [Hidden]), ($"{name}.bias", [Hidden])]);
        void Linear(string name, long outputs, long inputs) => tensors.AddRange([($"{name}.weight", [outputs, inputs]), ($"{name}.bias", [outputs])]);
        tensors.Add(("embeddings.word_embeddings.weight", [Vocabulary, Hidden]));
        tensors.Add(("embeddings.position_embeddings.weight", [Positions, Hidden]));
        tensors.Add(("embeddings.token_type_embeddings.weight", [2, Hidden]));
        Norm("embeddings.LayerNorm");
        for (var i = 0; i < Layers; i++)
        {
            var layer = $"encoder.layer.{i}";
            foreach (var part in (ReadOnlySpan<string>)["self.query", "self.key", "self.value", "output.dense"])
                Linear($"{layer}.attention.{part}", Hidden, Hidden);
            Norm($"{layer}.attention.output.LayerNorm");
            Linear($"{layer}.intermediate.dense", Inner, Hidden);
            Linear($"{layer}.output.dense", Hidden, Inner);
            Norm($"{layer}.output.LayerNorm");
        }
        Linear("pooler.dense", Hidden, Hidden);
        return tensors;
    }

    /// <summary>Floating-point operations of the matrix products of one run, attention's included; a multiply-add counts as two.</summary>
    public double Flops(int batch, int tokens)
    {
        var layer = 2.0 * tokens * (4.0 * Hidden * Hidden + 2.0 * Hidden * Inner) + 4.0 * tokens * tokens * Hidden;
        return batch * (Layers * layer + 2.0 * Hidden * Hidden);
    }
}
