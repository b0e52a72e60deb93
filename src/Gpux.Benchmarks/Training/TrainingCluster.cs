namespace Gpux.Benchmarks.Training;

/// <summary>Equal GPUs in equal nodes.</summary>
/// <param name="GpuCount">1 to 1,000,000; a single node, or a multiple of <paramref name="GpusPerNode"/>.</param>
/// <param name="GpusPerNode">1 to 1,024. Of a single node that has fewer, what it has.</param>
public sealed record TrainingCluster(Accelerator Accelerator, long GpuCount, int GpusPerNode = 8)
{
    /// <summary>The most GPUs that are planned for: ten times the largest clusters there are.</summary>
    public const long MostGpus = 1_000_000;

    public long NodeCount => (GpuCount + GpusPerNode - 1) / GpusPerNode;

    /// <summary>GPUs of a node that take part.</summary>
    public int NodeSize => (int)Math.Min(GpuCount, GpusPerNode);

    /// <exception cref="TrainingInputException">A number is out of its range, or a node would be filled in part.</exception>
    public void Validate()
    {
        TrainingInputException.Require(GpuCount, 1, MostGpus, "the number of GPUs");
        TrainingInputException.Require(GpusPerNode, 1, 1024, "the number of GPUs in a node");
        TrainingInputException.Require(Accelerator.MemoryBytes, 1 << 20, 1e15, "the memory of a GPU in bytes");
        TrainingInputException.Require(Accelerator.IntraNodeBytesPerSecond, 1, 1e18, "the bandwidth within a node in bytes per second");
        TrainingInputException.Require(Accelerator.InterNodeBytesPerSecond, 1, 1e18, "the bandwidth between nodes in bytes per second");
        if (GpuCount > GpusPerNode && GpuCount % GpusPerNode != 0)
            throw new TrainingInputException($"{GpuCount} GPUs do not fill nodes of {GpusPerNode}.", "Name a multiple, or the size of the nodes with --gpus-per-node.");
    }
}
