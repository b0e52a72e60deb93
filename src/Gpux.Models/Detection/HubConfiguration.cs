namespace Gpux.Models.Detection;

/// <summary>All that an ONNX file needs to be used besides its graph: configuration, tokenizer, processors.</summary>
/// <param name="Origin">What the file says of itself.</param>
/// <param name="Model">The model that the files are of; null if they lie beside the ONNX file, or cannot be had.</param>
/// <param name="Files">config.json, preprocessor_config.json, generation_config.json, the tokenizer's files: those that the model has.</param>
/// <param name="Refusal">Why the model's files could not be had, so that there is only what the ONNX file holds; null if they are here.</param>
public sealed record HubConfiguration(OnnxOrigin Origin, ModelManifest? Model, ModelFiles Files, GpuxException? Refusal);
