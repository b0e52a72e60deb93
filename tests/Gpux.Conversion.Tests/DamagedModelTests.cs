using System.Buffers.Binary;
using System.Text;

namespace Gpux.Conversion.Tests;

/// <summary>Damaged configurations and weight files: typed errors, or a plan, and nothing else.</summary>
public sealed class DamagedModelTests
{
    private static readonly string Model = Corpus.PathOf("models", "bert-tokcls", "repo");

    [Fact]
    public void Damaged_configurations_are_refused_by_name() => Damage("config.json", 400, (bytes, random) =>
    {
        var text = Encoding.UTF8.GetString(bytes);
        var at = random.Next(text.Length);
        var piece = random.GetItems(["-1", "null", "1e400", "\"x\"", "{", "]", "99999999999999999999", "0", "[1]", "true", ""], 1)[0];
        var digit = text.IndexOfAny([.. "0123456789"], at);
        return Encoding.UTF8.GetBytes(digit < 0 ? text[..at] : text[..digit] + piece + text[(digit + 1)..]);
    });

    [Fact]
    public void Damaged_weight_files_are_refused_by_name() => Damage("model.safetensors", 400, (bytes, random) =>
    {
        var damaged = bytes.ToArray();
        var header = (int)BinaryPrimitives.ReadInt64LittleEndian(damaged);
        for (var i = 0; i < 1 + random.Next(4); i++)
            damaged[random.Next(8 + header)] = (byte)random.Next(256);
        return random.Next(4) == 0 ? damaged[..random.Next(damaged.Length)] : damaged;
    });

    private static void Damage(string file, int times, Func<byte[], Random, byte[]> damage)
    {
        var folder = Directory.CreateTempSubdirectory("gpux-test");
        try
        {
            var original = File.ReadAllBytes(Path.Combine(Model, file));
            foreach (var path in Directory.EnumerateFiles(Model))
                File.Copy(path, Path.Combine(folder.FullName, Path.GetFileName(path)));
            var random = new Random(20261121);
            var refused = 0;
            for (var i = 0; i < times; i++)
            {
                File.WriteAllBytes(Path.Combine(folder.FullName, file), damage(original, random));
                try
                {
                    Converter.Plan(ModelFiles.InFolder(folder.FullName), new ConversionOptions());
                }
                catch (GpuxException)
                {
                    refused++;
                }
            }
            Assert.InRange(refused, times / 4, times);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
