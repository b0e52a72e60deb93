using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Text;

/// <summary>LUKE: RoBERTa's encoder of words and of the entities that they mention.</summary>
/// <remarks>Source: arXiv:2010.01057; outputs of transformers 5.23, modeling_luke.py. B = batch, S = tokens, E = entities, T = S + E,
/// M = positions an entity may have, H = hidden size. entity_ids, entity_attention_mask and entity_token_type_ids are int64 [B, E];
/// entity_position_ids is int64 [B, E, M], -1 where an entity has fewer.</remarks>
internal static class Luke
{
    public static Architecture Architecture { get; } = new("luke", "studio-ousia/luke-base",
    [
        new("LukeModel", ModelTask.FeatureExtraction, (graph, json, weights) =>
        {
            var (text, entities) = EncodeWithEntities(TextInputs.Rows(graph), json, weights);
            var outputs = text.Hidden.AsStates(text.Body);
            outputs.Insert(1, ("entity_last_hidden_state", entities));
            return outputs;
        }),
        new("LukeForEntityClassification", ModelTask.EntityClassification, (graph, json, weights) =>
        {
            var (text, entities) = EncodeWithEntities(TextInputs.Rows(graph), json, weights);
            return entities.At(axis: 1, 0).Linear(text.Weights["classifier"]).AsLogits();
        }),
        new("LukeForEntityPairClassification", ModelTask.EntityPairClassification, (graph, json, weights) =>
        {
            var (text, entities) = EncodeWithEntities(TextInputs.Rows(graph), json, weights);
            return ((Value[])[entities.At(axis: 1, 0), entities.At(axis: 1, 1)]).Concat(axis: 1).Linear(text.Weights["classifier"]).AsLogits();
        }),
        new("LukeForEntitySpanClassification", ModelTask.EntitySpanClassification, (graph, json, weights) =>
        {
            var (text, entities) = EncodeWithEntities(TextInputs.Rows(graph), json, weights);
            // The states of the words that an entity begins and ends with: [B, E, H].
            Value End(string name) => text.Hidden.GatherElements(graph.Input(name, ElementType.Int64, entities.Dim(0), entities.Dim(1))
                .Unsqueeze(2).Expand(entities.Dim(0), entities.Dim(1), entities.Dim(2)), axis: 1);
            return ((Value[])[End("entity_start_positions"), End("entity_end_positions"), entities]).Concat(axis: 2)
                .Linear(text.Weights["classifier"]).AsLogits();
        }),
        new("LukeForMaskedLM", ModelTask.FillMask, (graph, json, weights) =>
        {
            var (text, entities) = EncodeWithEntities(TextInputs.Rows(graph), json, weights);
            var (head, shape) = (text.Weights["entity_predictions"], BertShape.Of(json));
            return new Outputs
            {
                { "logits", text.PredictRobertaTokens() },
                { "entity_logits", entities.Transform(head["transform"], shape.Activation, shape.Epsilon)
                    .ScoreTokens(head, text.Body["entity_embeddings.entity_embeddings"], json) },
            };
        }),
        .. TextEncoder.Family("luke", "", Encode,
            new("LukeForSequenceClassification", ModelTask.TextClassification, text => Pool(text).Linear(text.Weights["classifier"]).AsLogits()),
            new("LukeForTokenClassification", ModelTask.TokenClassification, text => text.Hidden.Linear(text.Weights["classifier"]).AsLogits()),
            new("LukeForQuestionAnswering", ModelTask.QuestionAnswering, text => text.Hidden.Linear(text.Weights["qa_outputs"]).AsSpan()),
            new("LukeForMultipleChoice", ModelTask.MultipleChoice, text => Pool(text).Linear(text.Weights["classifier"]).AsChoices())).Heads,
    ]);

    // Without entities, as these classes are used.
    private static EncodedText Encode(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var (shape, body) = Prepare(json, weights);
        body.Ignore("entity_embeddings");
        for (var i = 0; i < shape.Layers; i++)
            body[$"encoder.layer.{i}.attention.self"].Ignore("w2e_query", "e2w_query", "e2e_query");
        var x = Roberta.Embed(inputs, json, body["embeddings"], shape)
            .BertLayers(inputs.Attended.PaddingMask(inputs.Length), body["encoder"], shape);
        return new EncodedText(x, inputs, json, body, weights);
    }

    // And the states of entities: [B, E, H].
    private static (EncodedText Text, Value Entities) EncodeWithEntities(TextInputs inputs, ModelConfig json, Weights weights)
    {
        var (shape, body) = Prepare(json, weights);
        var graph = inputs.Ids.Graph;
        var words = Roberta.Embed(inputs, json, body["embeddings"], shape);
        var (batch, count) = ((Dim)"batch_size", (Dim)"entity_length");
        var ids = graph.Input("entity_ids", ElementType.Int64, batch, count);
        var attended = graph.Input("entity_attention_mask", ElementType.Int64, batch, count);
        var entities = EmbedEntities(graph, ids, json, body["entity_embeddings"], shape);

        var all = ((Value[])[inputs.Attended, attended]).Concat(axis: 1);
        var mask = all.PaddingMask(all.Dim(1));
        var x = ((Value[])[words, entities]).Concat(axis: 1);
        Value[] Parts(Value states) =>
        [
            states.Slice(axis: 1, graph.Constant([0L]), graph.Extent(inputs.Length), inputs.Length),
            states.Slice(axis: 1, graph.Extent(inputs.Length), graph.Constant([long.MaxValue]), count),
        ];
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = body[$"encoder.layer.{i}"];
            var attention = layer["attention.self"];
            x = json.Bool("use_entity_aware_attention", true)
                ? AttendByKind(x, Parts(x), mask, attention, shape).BertOutputs(x, layer, shape) : x.BertLayer(mask, layer, shape);
        }
        var parts = Parts(x);
        return (new EncodedText(parts[0], inputs, json, body, weights), parts[1]);
    }

    private static (BertShape Shape, Weights Body) Prepare(ModelConfig json, Weights weights)
    {
        var body = weights.Body("luke");
        Roberta.IgnoreOtherHeads(weights, body);
        weights.Ignore("entity_predictions");
        return (BertShape.Of(json), body);
    }

    private static Value EmbedEntities(GraphBuilder graph, Value ids, ModelConfig json, Weights weights, BertShape shape)
    {
        var x = ids.Embedding(weights["entity_embeddings"]);
        if (weights.Has("entity_embedding_dense"))
            x = x.Linear(weights["entity_embedding_dense"]);
        // The mean of the positions that an entity has.
        var positions = graph.Input("entity_position_ids", ElementType.Int64, ids.Dim(0), ids.Dim(1), "entity_positions");
        var has = (!positions.EqualTo(-1)).Cast(ElementType.Float32).Unsqueeze(3); // [B, E, M, 1]
        var places = positions.Clip(0, null).Embedding(weights["position_embeddings"]) * has;
        x += places.Sum(axis: 2) / has.Sum(axis: 2).Clip(1e-7, null);
        // Entities have types of their own, also where type_vocab_size is 1.
        var types = graph.Input("entity_token_type_ids", ElementType.Int64, ids.Dim(0), ids.Dim(1));
        x += types.Embedding(weights["token_type_embeddings"]);
        return x.LayerNorm(weights["LayerNorm"], shape.Epsilon);
    }

    // Words and entities ask with a query for each kind that they look at: [B, T, H].
    private static Value AttendByKind(Value x, Value[] parts, Value mask, Weights weights, BertShape shape)
    {
        Value Heads(Value states, string name) => states.Linear(weights[name]).SplitHeads(shape.Heads);
        Value[] keys = [Heads(parts[0], "key"), Heads(parts[1], "key")];
        Value Row(Value states, string toWords, string toEntities) => ((Value[])[ // [B, heads, S or E, T]
            Heads(states, toWords).MatMul(keys[0].Transpose(0, 1, 3, 2)), Heads(states, toEntities).MatMul(keys[1].Transpose(0, 1, 3, 2)),
        ]).Concat(axis: 3);
        var scores = ((Value[])[Row(parts[0], "query", "w2e_query"), Row(parts[1], "e2w_query", "e2e_query")]).Concat(axis: 2);
        return (scores / MathF.Sqrt(keys[0].Dim(3).Size!.Value) + mask).Softmax(-1).MatMul(Heads(x, "value")).JoinHeads(); // projections have known widths
    }

    private static Value Pool(EncodedText text) => text.Hidden.Pool(text.Body["pooler.dense"]);
}
