using System.Collections.Concurrent;
using System.Text;
using Gpux.Runtime.Audio;
using Gpux.Runtime.Images;
using Xunit.Abstractions;

namespace Gpux.Runtime.Tests;

/// <summary>Damaged preprocessor_config.json: a processor that works, or a typed error.</summary>
public sealed class ProcessorFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const string FileName = "preprocessor_config.json";
    private static readonly byte[][] Words = [.. new[] { "\"", "{", "}", "[", "]", ":", ",", "-", "0", "9", "\\ud800", "null", "true", "1e9", "0.5" }.Select(Encoding.UTF8.GetBytes)];
    private static readonly ImageLimits Limits = new() { MaxPixels = 1 << 12 };

    private readonly ConcurrentBag<MadeRepository> _repositories = [];

    public static TheoryData<string> Kinds => ["images", "sounds"];

    public void Dispose()
    {
        foreach (var repository in _repositories)
            repository.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Damaged_processors_of_inputs_work_or_are_refused(string kind) => Fuzzing.TenThousand(output, $"{FileName} of {kind}", () => Reader(kind));

    [Theory]
    [MemberData(nameof(Kinds))]
    [Trait("Category", "Slow")]
    public void A_million_damaged_processors_of_inputs_work_or_are_refused(string kind) => Fuzzing.Million(output, $"{FileName} of {kind}", () => Reader(kind));

    private Func<Chance, bool> Reader(string kind)
    {
        var damage = new Damage([.. (kind == "images" ? Images : Sounds).Select(Encoding.UTF8.GetBytes)], int.MaxValue, Words);
        var repository = new MadeRepository();
        _repositories.Add(repository);
        var image = Image.FromPixels(4, 3, new byte[4 * 3 * 3]);
        var sound = Waveform.FromSamples(new float[64], 1000);
        string? File(string name) => name == FileName ? repository.File(name) : null;
        return chance =>
        {
            repository.Write(FileName, damage.Next(chance).Bytes);
            try
            {
                if (kind == "images")
                    ImageProcessor.Load(File).Process([image], Limits);
                else
                    FeatureExtractor.Load(File).Extract([sound]);
                return true;
            }
            catch (GpuxException)
            {
                return false;
            }
        };
    }

    // Small: resizing and spectra are not what is tried here.
    private static readonly string[] Images =
    [
        """{"image_processor_type":"ViTImageProcessorFast","do_resize":true,"size":{"height":8,"width":6},"resample":2,"do_rescale":true,"rescale_factor":0.0039,"do_normalize":true,"image_mean":[0.5,0.4,0.5],"image_std":[0.5,0.2,0.3]}""",
        """{"feature_extractor_type":"CLIPFeatureExtractor","size":9,"do_center_crop":true,"crop_size":8,"resample":3,"image_mean":[0.5,0.5,0.5],"image_std":0.3}""",
        """{"image_processor_type":"ConvNextImageProcessor","crop_pct":0.875,"size":{"shortest_edge":8},"resample":3}""",
        """{"image_processor_type":"DetrImageProcessor","do_pad":true,"size":{"longest_edge":13,"shortest_edge":8},"pad_size":null}""",
        """{"image_processor_type":"ImageGPTImageProcessor","clusters":[[-1,-1,-1],[0,0.5,0],[1,1,1]],"size":{"height":4,"width":4}}""",
        """{"image_processor_type":"GLPNImageProcessor","size_divisor":2,"resample":2,"do_rescale":true}""",
        """{"image_processor_type":"Qwen2VLImageProcessor","min_pixels":16,"max_pixels":64,"patch_size":2,"temporal_patch_size":2,"merge_size":2}""",
        """{"image_processor_type":"SamImageProcessor","size":{"longest_edge":8},"pad_size":{"height":8,"width":8},"mask_size":{"longest_edge":4}}""",
    ];

    private static readonly string[] Sounds =
    [
        """{"feature_extractor_type":"WhisperFeatureExtractor","feature_size":4,"sampling_rate":1000,"n_fft":16,"hop_length":8,"chunk_length":1,"padding_value":0.0,"return_attention_mask":true}""",
        """{"feature_extractor_type":"Wav2Vec2FeatureExtractor","sampling_rate":1000,"do_normalize":true,"return_attention_mask":true,"padding_side":"right","padding_value":0.5}""",
        """{"feature_extractor_type":"ClapFeatureExtractor","feature_size":4,"fft_window_size":16,"hop_length":8,"frequency_max":400,"frequency_min":0,"max_length_s":1,"nb_max_samples":100,"sampling_rate":1000,"padding":"repeat","top_db":null,"truncation":"rand_trunc"}""",
        """{"feature_extractor_type":"ParakeetFeatureExtractor","feature_size":4,"hop_length":8,"n_fft":16,"win_length":12,"preemphasis":0.97,"sampling_rate":1000}""",
        """{"feature_extractor_type":"EncodecFeatureExtractor","feature_size":1,"sampling_rate":1000,"chunk_length_s":0.05,"overlap":0.01,"padding_value":0.0}""",
        """{"feature_extractor_type":"DacFeatureExtractor","feature_size":1,"sampling_rate":1000,"hop_length":16}""",
    ];
}
