using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Gpux.Runtime.Sessions.Interop;

/// <summary>Reads what a session knows of its model.</summary>
internal static unsafe class SessionReader
{
    public static int InputCount(SessionHandle session)
    {
        nuint count;
        OrtStatus.Check(OrtApi.SessionGetInputCount(session.Value, &count));
        return (int)count;
    }

    public static int OutputCount(SessionHandle session)
    {
        nuint count;
        OrtStatus.Check(OrtApi.SessionGetOutputCount(session.Value, &count));
        return (int)count;
    }

    /// <param name="names">Gets the names as C strings, which the caller owns.</param>
    public static ImmutableArray<ValueInfo> Inputs(SessionHandle session, nint[] names) =>
        Values(session, names, &OrtApi.SessionGetInputName, &OrtApi.SessionGetInputTypeInfo);

    /// <inheritdoc cref="Inputs"/>
    public static ImmutableArray<ValueInfo> Outputs(SessionHandle session, nint[] names) =>
        Values(session, names, &OrtApi.SessionGetOutputName, &OrtApi.SessionGetOutputTypeInfo);

    private static ImmutableArray<ValueInfo> Values(SessionHandle session, nint[] names,
        delegate*<nint, nuint, nint, byte**, nint> getName, delegate*<nint, nuint, nint*, nint> getType)
    {
        var values = new ValueInfo[names.Length];
        for (var i = 0; i < values.Length; i++)
        {
            byte* name;
            OrtStatus.Check(getName(session.Value, (nuint)i, OrtMemory.DefaultAllocator, &name));
            names[i] = (nint)name;
            nint type;
            OrtStatus.Check(getType(session.Value, (nuint)i, &type));
            try
            {
                values[i] = TypeInfoReader.Read(OrtText.Read(name), type);
            }
            finally
            {
                OrtApi.ReleaseTypeInfo(type);
            }
        }
        return ImmutableCollectionsMarshal.AsImmutableArray(values);
    }

    /// <returns>For each input, the OrtMemoryInfo of where the session reads it.</returns>
    public static nint[] InputMemory(InferenceSession session) =>
        Memory(session, session.Inputs.Length, &OrtApi.SessionGetMemoryInfoForInputs);

    /// <returns>For each output, the OrtMemoryInfo of where the session computes it.</returns>
    public static nint[] OutputMemory(InferenceSession session) =>
        Memory(session, session.Outputs.Length, &OrtApi.SessionGetMemoryInfoForOutputs);

    private static nint[] Memory(InferenceSession session, int count, delegate*<nint, nint*, nuint, nint> get)
    {
        var memory = new nint[count];
        if (!session.HasDevices)
        {
            Array.Fill(memory, OrtMemory.Cpu);
            return memory;
        }
        using var use = new HandleUse(session.Handle);
        fixed (nint* first = memory)
            OrtStatus.Check(get(use.Value, first, (nuint)count));
        return memory;
    }

    public static ModelMetadata Metadata(SessionHandle session)
    {
        using var use = new HandleUse(session);
        nint metadata;
        OrtStatus.Check(OrtApi.SessionGetModelMetadata(use.Value, &metadata));
        try
        {
            long version;
            OrtStatus.Check(OrtApi.ModelMetadataGetVersion(metadata, &version));
            return new ModelMetadata(
                Text(OrtApiIndex.ModelMetadataGetProducerName, metadata),
                Text(OrtApiIndex.ModelMetadataGetGraphName, metadata),
                Text(OrtApiIndex.ModelMetadataGetDomain, metadata),
                Text(OrtApiIndex.ModelMetadataGetDescription, metadata),
                Text(OrtApiIndex.ModelMetadataGetGraphDescription, metadata),
                version, CustomEntries(metadata));
        }
        finally
        {
            OrtApi.ReleaseModelMetadata(metadata);
        }
    }

    private static string Text(OrtApiIndex function, nint metadata)
    {
        byte* text;
        OrtStatus.Check(OrtApi.ModelMetadataGetText(function, metadata, OrtMemory.DefaultAllocator, &text));
        return OrtText.Take(text);
    }

    private static Dictionary<string, string> CustomEntries(nint metadata)
    {
        byte** keys;
        long count;
        OrtStatus.Check(OrtApi.ModelMetadataGetCustomMetadataMapKeys(metadata, OrtMemory.DefaultAllocator, &keys, &count));
        var entries = new Dictionary<string, string>((int)count);
        for (long i = 0; i < count; i++)
        {
            byte* value;
            OrtStatus.Check(OrtApi.ModelMetadataLookupCustomMetadataMap(metadata, OrtMemory.DefaultAllocator, keys[i], &value));
            entries[OrtText.Take(keys[i])] = OrtText.Take(value);
        }
        if (keys is not null)
            OrtStatus.Check(OrtApi.AllocatorFree(OrtMemory.DefaultAllocator, keys));
        return entries;
    }
}
