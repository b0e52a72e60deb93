using System.Globalization;
using System.Runtime.InteropServices;
using Gpux.Runtime.Native;

namespace Gpux.Runtime.Sessions.Interop;

/// <summary>The functions of ONNX Runtime's C API that GPUX calls, with the names and arguments of its header.</summary>
/// <remarks>Source: onnxruntime_c_api.h, API version 30. The table is append-only, so any later library has these functions at
/// the same places. Functions that return a status give 0 or a handle for <see cref="OrtStatus"/>.</remarks>
internal static unsafe class OrtApi
{
    public const int Version = 30;

    private static nint* _table;

    public static nint CreateSession(nint env, void* path, nint options, nint* session) =>
        ((delegate* unmanaged<nint, void*, nint, nint*, nint>)At(OrtApiIndex.CreateSession))(env, path, options, session);

    public static nint CreateSessionFromArray(nint env, byte* model, nuint length, nint options, nint* session) =>
        ((delegate* unmanaged<nint, byte*, nuint, nint, nint*, nint>)At(OrtApiIndex.CreateSessionFromArray))(
            env, model, length, options, session);

    public static nint Run(nint session, nint options, byte** inputNames, nint* inputs, nuint inputCount,
        byte** outputNames, nuint outputCount, nint* outputs) =>
        ((delegate* unmanaged<nint, nint, byte**, nint*, nuint, byte**, nuint, nint*, nint>)At(OrtApiIndex.Run))(
            session, options, inputNames, inputs, inputCount, outputNames, outputCount, outputs);

    public static nint RunWithBinding(nint session, nint options, nint binding) =>
        ((delegate* unmanaged<nint, nint, nint, nint>)At(OrtApiIndex.RunWithBinding))(session, options, binding);

    public static void ReleaseSession(nint session) => Release(OrtApiIndex.ReleaseSession, session);

    // Status.

    public static int GetErrorCode(nint status) => ((delegate* unmanaged<nint, int>)At(OrtApiIndex.GetErrorCode))(status);

    public static byte* GetErrorMessage(nint status) =>
        ((delegate* unmanaged<nint, byte*>)At(OrtApiIndex.GetErrorMessage))(status);

    public static void ReleaseStatus(nint status) => Release(OrtApiIndex.ReleaseStatus, status);

    // Environment.

    public static nint CreateEnvWithOptions(EnvCreationOptions* options, nint* env) =>
        ((delegate* unmanaged<EnvCreationOptions*, nint*, nint>)At(OrtApiIndex.CreateEnvWithOptions))(options, env);

    public static nint DisableTelemetryEvents(nint env) => Call(OrtApiIndex.DisableTelemetryEvents, env);

    public static byte* GetBuildInfoString() => ((delegate* unmanaged<byte*>)At(OrtApiIndex.GetBuildInfoString))();

    public static nint GetAvailableProviders(byte*** names, int* count) =>
        ((delegate* unmanaged<byte***, int*, nint>)At(OrtApiIndex.GetAvailableProviders))(names, count);

    public static nint ReleaseAvailableProviders(byte** names, int count) =>
        ((delegate* unmanaged<byte**, int, nint>)At(OrtApiIndex.ReleaseAvailableProviders))(names, count);

    public static nint RegisterExecutionProviderLibrary(nint env, byte* name, void* path) =>
        ((delegate* unmanaged<nint, byte*, void*, nint>)At(OrtApiIndex.RegisterExecutionProviderLibrary))(env, name, path);

    public static nint GetEpDevices(nint env, nint** devices, nuint* count) =>
        ((delegate* unmanaged<nint, nint**, nuint*, nint>)At(OrtApiIndex.GetEpDevices))(env, devices, count);

    public static byte* EpDevice_EpName(nint device) => Text(OrtApiIndex.EpDevice_EpName, device);

    public static byte* EpDevice_EpVendor(nint device) => Text(OrtApiIndex.EpDevice_EpVendor, device);

    public static nint EpDevice_EpMetadata(nint device) => Call(OrtApiIndex.EpDevice_EpMetadata, device);

    public static nint EpDevice_Device(nint device) => Call(OrtApiIndex.EpDevice_Device, device);

    public static int HardwareDevice_Type(nint device) =>
        ((delegate* unmanaged<nint, int>)At(OrtApiIndex.HardwareDevice_Type))(device);

    public static uint HardwareDevice_VendorId(nint device) =>
        ((delegate* unmanaged<nint, uint>)At(OrtApiIndex.HardwareDevice_VendorId))(device);

    public static byte* HardwareDevice_Vendor(nint device) => Text(OrtApiIndex.HardwareDevice_Vendor, device);

    public static uint HardwareDevice_DeviceId(nint device) =>
        ((delegate* unmanaged<nint, uint>)At(OrtApiIndex.HardwareDevice_DeviceId))(device);

    public static nint HardwareDevice_Metadata(nint device) => Call(OrtApiIndex.HardwareDevice_Metadata, device);

    public static void GetKeyValuePairs(nint pairs, byte*** keys, byte*** values, nuint* count) =>
        ((delegate* unmanaged<nint, byte***, byte***, nuint*, void>)At(OrtApiIndex.GetKeyValuePairs))(pairs, keys, values, count);

    // Session options.

    public static nint CreateSessionOptions(nint* options) =>
        ((delegate* unmanaged<nint*, nint>)At(OrtApiIndex.CreateSessionOptions))(options);

    public static void ReleaseSessionOptions(nint options) => Release(OrtApiIndex.ReleaseSessionOptions, options);

    public static nint SetIntraOpNumThreads(nint options, int count) => Call(OrtApiIndex.SetIntraOpNumThreads, options, count);

    public static nint SetInterOpNumThreads(nint options, int count) => Call(OrtApiIndex.SetInterOpNumThreads, options, count);

    public static nint SetSessionGraphOptimizationLevel(nint options, int level) =>
        Call(OrtApiIndex.SetSessionGraphOptimizationLevel, options, level);

    public static nint SetSessionExecutionMode(nint options, int mode) =>
        Call(OrtApiIndex.SetSessionExecutionMode, options, mode);

    public static nint SetSessionLogSeverityLevel(nint options, int level) =>
        Call(OrtApiIndex.SetSessionLogSeverityLevel, options, level);

    public static nint DisableMemPattern(nint options) => Call(OrtApiIndex.DisableMemPattern, options);

    public static nint DisableCpuMemArena(nint options) => Call(OrtApiIndex.DisableCpuMemArena, options);

    public static nint SetOptimizedModelFilePath(nint options, void* path) =>
        ((delegate* unmanaged<nint, void*, nint>)At(OrtApiIndex.SetOptimizedModelFilePath))(options, path);

    public static nint EnableProfiling(nint options, void* prefix) =>
        ((delegate* unmanaged<nint, void*, nint>)At(OrtApiIndex.EnableProfiling))(options, prefix);

    public static nint AddSessionConfigEntry(nint options, byte* key, byte* value) =>
        ((delegate* unmanaged<nint, byte*, byte*, nint>)At(OrtApiIndex.AddSessionConfigEntry))(options, key, value);

    public static nint AddFreeDimensionOverrideByName(nint options, byte* name, long size) =>
        ((delegate* unmanaged<nint, byte*, long, nint>)At(OrtApiIndex.AddFreeDimensionOverrideByName))(options, name, size);

    public static nint SessionOptionsSetLoadCancellationFlag(nint options, byte cancel) =>
        ((delegate* unmanaged<nint, byte, nint>)At(OrtApiIndex.SessionOptionsSetLoadCancellationFlag))(options, cancel);

    public static nint SessionOptionsAppendExecutionProvider(nint options, byte* name, byte** keys, byte** values, nuint count) =>
        ((delegate* unmanaged<nint, byte*, byte**, byte**, nuint, nint>)At(OrtApiIndex.SessionOptionsAppendExecutionProvider))(
            options, name, keys, values, count);

    public static nint SessionOptionsAppendExecutionProvider_V2(
        nint options, nint env, nint* devices, nuint deviceCount, byte** keys, byte** values, nuint count) =>
        ((delegate* unmanaged<nint, nint, nint*, nuint, byte**, byte**, nuint, nint>)At(
            OrtApiIndex.SessionOptionsAppendExecutionProvider_V2))(options, env, devices, deviceCount, keys, values, count);

    /// <summary>CreateCUDAProviderOptions and its like for the other providers that have an options object of their own.</summary>
    public static nint CreateProviderOptions(OrtApiIndex function, nint* provider) =>
        ((delegate* unmanaged<nint*, nint>)At(function))(provider);

    public static nint UpdateProviderOptions(OrtApiIndex function, nint provider, byte** keys, byte** values, nuint count) =>
        ((delegate* unmanaged<nint, byte**, byte**, nuint, nint>)At(function))(provider, keys, values, count);

    public static nint AppendProvider(OrtApiIndex function, nint options, nint provider) =>
        ((delegate* unmanaged<nint, nint, nint>)At(function))(options, provider);

    public static void ReleaseProviderOptions(OrtApiIndex function, nint provider) => Release(function, provider);

    // What a session says of itself.

    public static nint SessionGetInputCount(nint session, nuint* count) => Count(OrtApiIndex.SessionGetInputCount, session, count);

    public static nint SessionGetOutputCount(nint session, nuint* count) =>
        Count(OrtApiIndex.SessionGetOutputCount, session, count);

    public static nint SessionGetInputName(nint session, nuint index, nint allocator, byte** name) =>
        ((delegate* unmanaged<nint, nuint, nint, byte**, nint>)At(OrtApiIndex.SessionGetInputName))(session, index, allocator, name);

    public static nint SessionGetOutputName(nint session, nuint index, nint allocator, byte** name) =>
        ((delegate* unmanaged<nint, nuint, nint, byte**, nint>)At(OrtApiIndex.SessionGetOutputName))(
            session, index, allocator, name);

    public static nint SessionGetInputTypeInfo(nint session, nuint index, nint* type) =>
        ((delegate* unmanaged<nint, nuint, nint*, nint>)At(OrtApiIndex.SessionGetInputTypeInfo))(session, index, type);

    public static nint SessionGetOutputTypeInfo(nint session, nuint index, nint* type) =>
        ((delegate* unmanaged<nint, nuint, nint*, nint>)At(OrtApiIndex.SessionGetOutputTypeInfo))(session, index, type);

    public static nint SessionGetMemoryInfoForInputs(nint session, nint* memory, nuint count) =>
        ((delegate* unmanaged<nint, nint*, nuint, nint>)At(OrtApiIndex.SessionGetMemoryInfoForInputs))(session, memory, count);

    public static nint SessionGetMemoryInfoForOutputs(nint session, nint* memory, nuint count) =>
        ((delegate* unmanaged<nint, nint*, nuint, nint>)At(OrtApiIndex.SessionGetMemoryInfoForOutputs))(session, memory, count);

    public static nint SessionEndProfiling(nint session, nint allocator, byte** path) =>
        Text(OrtApiIndex.SessionEndProfiling, session, allocator, path);

    public static nint SessionGetModelMetadata(nint session, nint* metadata) =>
        ((delegate* unmanaged<nint, nint*, nint>)At(OrtApiIndex.SessionGetModelMetadata))(session, metadata);

    public static nint ModelMetadataGetText(OrtApiIndex function, nint metadata, nint allocator, byte** text) =>
        Text(function, metadata, allocator, text);

    public static nint ModelMetadataGetVersion(nint metadata, long* version) =>
        ((delegate* unmanaged<nint, long*, nint>)At(OrtApiIndex.ModelMetadataGetVersion))(metadata, version);

    public static nint ModelMetadataGetCustomMetadataMapKeys(nint metadata, nint allocator, byte*** keys, long* count) =>
        ((delegate* unmanaged<nint, nint, byte***, long*, nint>)At(OrtApiIndex.ModelMetadataGetCustomMetadataMapKeys))(
            metadata, allocator, keys, count);

    public static nint ModelMetadataLookupCustomMetadataMap(nint metadata, nint allocator, byte* key, byte** value) =>
        ((delegate* unmanaged<nint, nint, byte*, byte**, nint>)At(OrtApiIndex.ModelMetadataLookupCustomMetadataMap))(
            metadata, allocator, key, value);

    public static void ReleaseModelMetadata(nint metadata) => Release(OrtApiIndex.ReleaseModelMetadata, metadata);

    // Types.

    public static nint GetOnnxTypeFromTypeInfo(nint type, int* kind) => Number(OrtApiIndex.GetOnnxTypeFromTypeInfo, type, kind);

    public static nint CastTypeInfo(OrtApiIndex function, nint type, nint* part) =>
        ((delegate* unmanaged<nint, nint*, nint>)At(function))(type, part);

    public static nint GetMapKeyType(nint map, int* elementType) => Number(OrtApiIndex.GetMapKeyType, map, elementType);

    public static nint GetTensorElementType(nint tensor, int* elementType) =>
        Number(OrtApiIndex.GetTensorElementType, tensor, elementType);

    public static nint GetDimensionsCount(nint tensor, nuint* count) => Count(OrtApiIndex.GetDimensionsCount, tensor, count);

    public static nint GetDimensions(nint tensor, long* sizes, nuint count) =>
        ((delegate* unmanaged<nint, long*, nuint, nint>)At(OrtApiIndex.GetDimensions))(tensor, sizes, count);

    public static nint GetSymbolicDimensions(nint tensor, byte** names, nuint count) =>
        ((delegate* unmanaged<nint, byte**, nuint, nint>)At(OrtApiIndex.GetSymbolicDimensions))(tensor, names, count);

    public static byte TensorTypeAndShape_HasShape(nint tensor) =>
        ((delegate* unmanaged<nint, byte>)At(OrtApiIndex.TensorTypeAndShape_HasShape))(tensor);

    public static void ReleaseTypeInfo(nint type) => Release(OrtApiIndex.ReleaseTypeInfo, type);

    // Values.

    public static nint CreateTensorWithDataAsOrtValue(
        nint memory, void* data, nuint byteCount, long* shape, nuint rank, int elementType, nint* value) =>
        ((delegate* unmanaged<nint, void*, nuint, long*, nuint, int, nint*, nint>)At(OrtApiIndex.CreateTensorWithDataAsOrtValue))(
            memory, data, byteCount, shape, rank, elementType, value);

    public static nint CreateTensorAsOrtValue(nint allocator, long* shape, nuint rank, int elementType, nint* value) =>
        ((delegate* unmanaged<nint, long*, nuint, int, nint*, nint>)At(OrtApiIndex.CreateTensorAsOrtValue))(
            allocator, shape, rank, elementType, value);

    public static void ReleaseValue(nint value) => Release(OrtApiIndex.ReleaseValue, value);

    public static nint GetValueType(nint value, int* kind) => Number(OrtApiIndex.GetValueType, value, kind);

    public static nint HasValue(nint value, int* has) => Number(OrtApiIndex.HasValue, value, has);

    public static nint GetValueCount(nint value, nuint* count) => Count(OrtApiIndex.GetValueCount, value, count);

    public static nint GetValue(nint value, int index, nint allocator, nint* element) =>
        ((delegate* unmanaged<nint, int, nint, nint*, nint>)At(OrtApiIndex.GetValue))(value, index, allocator, element);

    public static nint GetTensorElementTypeAndShapeDataReference(nint value, int* elementType, long** shape, nuint* rank) =>
        ((delegate* unmanaged<nint, int*, long**, nuint*, nint>)At(OrtApiIndex.GetTensorElementTypeAndShapeDataReference))(
            value, elementType, shape, rank);

    public static nint GetTensorMutableData(nint value, void** data) =>
        ((delegate* unmanaged<nint, void**, nint>)At(OrtApiIndex.GetTensorMutableData))(value, data);

    public static nint GetResizedStringTensorElementBuffer(nint value, nuint index, nuint byteCount, byte** buffer) =>
        ((delegate* unmanaged<nint, nuint, nuint, byte**, nint>)At(OrtApiIndex.GetResizedStringTensorElementBuffer))(
            value, index, byteCount, buffer);

    public static nint GetStringTensorDataLength(nint value, nuint* byteCount) =>
        Count(OrtApiIndex.GetStringTensorDataLength, value, byteCount);

    public static nint GetStringTensorContent(nint value, void* text, nuint byteCount, nuint* offsets, nuint count) =>
        ((delegate* unmanaged<nint, void*, nuint, nuint*, nuint, nint>)At(OrtApiIndex.GetStringTensorContent))(
            value, text, byteCount, offsets, count);

    // Memory.

    public static nint CreateCpuMemoryInfo(int allocatorType, int memoryType, nint* memory) =>
        ((delegate* unmanaged<int, int, nint*, nint>)At(OrtApiIndex.CreateCpuMemoryInfo))(allocatorType, memoryType, memory);

    public static void MemoryInfoGetDeviceType(nint memory, int* type) =>
        ((delegate* unmanaged<nint, int*, void>)At(OrtApiIndex.MemoryInfoGetDeviceType))(memory, type);

    public static nint GetAllocatorWithDefaultOptions(nint* allocator) =>
        ((delegate* unmanaged<nint*, nint>)At(OrtApiIndex.GetAllocatorWithDefaultOptions))(allocator);

    public static nint AllocatorFree(nint allocator, void* memory) =>
        ((delegate* unmanaged<nint, void*, nint>)At(OrtApiIndex.AllocatorFree))(allocator, memory);

    public static nint CreateAllocator(nint session, nint memory, nint* allocator) =>
        ((delegate* unmanaged<nint, nint, nint*, nint>)At(OrtApiIndex.CreateAllocator))(session, memory, allocator);

    public static void ReleaseAllocator(nint allocator) => Release(OrtApiIndex.ReleaseAllocator, allocator);

    // Run options.

    public static nint CreateRunOptions(nint* options) =>
        ((delegate* unmanaged<nint*, nint>)At(OrtApiIndex.CreateRunOptions))(options);

    public static void ReleaseRunOptions(nint options) => Release(OrtApiIndex.ReleaseRunOptions, options);

    public static nint RunOptionsSetTerminate(nint options) => Call(OrtApiIndex.RunOptionsSetTerminate, options);

    public static nint RunOptionsUnsetTerminate(nint options) => Call(OrtApiIndex.RunOptionsUnsetTerminate, options);

    public static nint RunOptionsSetRunTag(nint options, byte* tag) =>
        ((delegate* unmanaged<nint, byte*, nint>)At(OrtApiIndex.RunOptionsSetRunTag))(options, tag);

    public static nint RunOptionsSetRunLogSeverityLevel(nint options, int level) =>
        Call(OrtApiIndex.RunOptionsSetRunLogSeverityLevel, options, level);

    public static nint AddRunConfigEntry(nint options, byte* key, byte* value) =>
        ((delegate* unmanaged<nint, byte*, byte*, nint>)At(OrtApiIndex.AddRunConfigEntry))(options, key, value);

    public static nint RunOptionsEnableProfiling(nint options, void* prefix) =>
        ((delegate* unmanaged<nint, void*, nint>)At(OrtApiIndex.RunOptionsEnableProfiling))(options, prefix);

    public static nint RunOptionsDisableProfiling(nint options) => Call(OrtApiIndex.RunOptionsDisableProfiling, options);

    // Binding.

    public static nint CreateIoBinding(nint session, nint* binding) =>
        ((delegate* unmanaged<nint, nint*, nint>)At(OrtApiIndex.CreateIoBinding))(session, binding);

    public static void ReleaseIoBinding(nint binding) => Release(OrtApiIndex.ReleaseIoBinding, binding);

    public static nint BindInput(nint binding, byte* name, nint value) =>
        ((delegate* unmanaged<nint, byte*, nint, nint>)At(OrtApiIndex.BindInput))(binding, name, value);

    public static nint BindOutput(nint binding, byte* name, nint value) =>
        ((delegate* unmanaged<nint, byte*, nint, nint>)At(OrtApiIndex.BindOutput))(binding, name, value);

    public static nint BindOutputToDevice(nint binding, byte* name, nint memory) =>
        ((delegate* unmanaged<nint, byte*, nint, nint>)At(OrtApiIndex.BindOutputToDevice))(binding, name, memory);

    public static nint GetBoundOutputValues(nint binding, nint allocator, nint** values, nuint* count) =>
        ((delegate* unmanaged<nint, nint, nint**, nuint*, nint>)At(OrtApiIndex.GetBoundOutputValues))(
            binding, allocator, values, count);

    public static nint SynchronizeBoundInputs(nint binding) => Call(OrtApiIndex.SynchronizeBoundInputs, binding);

    public static nint SynchronizeBoundOutputs(nint binding) => Call(OrtApiIndex.SynchronizeBoundOutputs, binding);

    // The forms that several functions share.

    private static nint Call(OrtApiIndex function, nint handle) =>
        ((delegate* unmanaged<nint, nint>)At(function))(handle);

    private static nint Call(OrtApiIndex function, nint handle, int argument) =>
        ((delegate* unmanaged<nint, int, nint>)At(function))(handle, argument);

    private static nint Count(OrtApiIndex function, nint handle, nuint* count) =>
        ((delegate* unmanaged<nint, nuint*, nint>)At(function))(handle, count);

    private static nint Number(OrtApiIndex function, nint handle, int* number) =>
        ((delegate* unmanaged<nint, int*, nint>)At(function))(handle, number);

    private static byte* Text(OrtApiIndex function, nint handle) =>
        ((delegate* unmanaged<nint, byte*>)At(function))(handle);

    private static nint Text(OrtApiIndex function, nint handle, nint allocator, byte** text) =>
        ((delegate* unmanaged<nint, nint, byte**, nint>)At(function))(handle, allocator, text);

    private static void Release(OrtApiIndex function, nint handle) =>
        ((delegate* unmanaged<nint, void>)At(function))(handle);

    private static nint At(OrtApiIndex function) => (_table is null ? Load() : _table)[(int)function];

    /// <summary>The version of the library, such as 1.30.0.</summary>
    /// <exception cref="NativeLibraryException">No library, or not of ONNX Runtime.</exception>
    public static string LibraryVersion => OrtText.Read(Base()->GetVersionString());

    private static nint* Load() => _table = Table(Base(), NativeLibraries.OnnxRuntimePath);

    private static ApiBase* Base()
    {
        OrtTelemetry.Disable();
        return Base(NativeLibraries.LoadOnnxRuntime(), NativeLibraries.OnnxRuntimePath);
    }

    /// <exception cref="NativeLibraryException">The library is not ONNX Runtime.</exception>
    internal static ApiBase* Base(nint library, string path) => NativeLibrary.TryGetExport(library, "OrtGetApiBase", out var getApiBase)
        ? ((delegate* unmanaged<ApiBase*>)getApiBase)()
        : throw new NativeLibraryException("ONNX Runtime",
            $"The file '{path}' is a library, but not ONNX Runtime: it has no function OrtGetApiBase.",
            "Set GPUX_ONNXRUNTIME to the onnxruntime library of a build of ONNX Runtime, or unset it to use the shipped one.");

    /// <exception cref="OnnxRuntimeTooOldException">The library has no table of <see cref="Version"/>.</exception>
    internal static nint* Table(ApiBase* of, string path)
    {
        var version = OrtText.Read(of->GetVersionString());
        // A library that is too old would also answer null, but first write to the standard error stream.
        var table = ApiVersion(version) < Version ? null : of->GetApi(Version);
        return table is not null ? table : throw new OnnxRuntimeTooOldException(path, version);
    }

    /// <summary>ONNX Runtime 1.n has the API of version n.</summary>
    private static int ApiVersion(string libraryVersion)
    {
        var parts = libraryVersion.Split('.');
        return parts.Length < 2 || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out var major)
            || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out var minor) || major > 1 ? int.MaxValue
            : minor;
    }

    /// <summary>OrtApiBase.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ApiBase
    {
        public delegate* unmanaged<uint, nint*> GetApi;
        public delegate* unmanaged<byte*> GetVersionString;
    }

    /// <summary>OrtEnvCreationOptions.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct EnvCreationOptions
    {
        public uint Version;
        public int LoggingSeverityLevel;
        public byte* LogId;
        public nint CustomLoggingFunction;
        public nint CustomLoggingParameter;
        public nint ThreadingOptions;
        public nint ConfigEntries;
    }
}
