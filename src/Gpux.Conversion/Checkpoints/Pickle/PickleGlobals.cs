namespace Gpux.Conversion.Checkpoints.Pickle;

/// <summary>Which Python names a checkpoint may mention, and which of them stand for data that is read.</summary>
/// <remarks>Nothing that is named is ever run, so that this is a second lock on the door: a file that names a part of Python
/// which executes code, opens files or connects was not made to hold weights, and is refused as a whole.</remarks>
internal static class PickleGlobals
{
    // The parts of Python's library that training records mention, and that hold data. "builtins" goes for "__builtin__" too.
    private static readonly string[] HarmlessNames =
    [
        "collections.OrderedDict", "collections.defaultdict", "collections.Counter", "collections.deque", "collections.ChainMap",
        "collections.UserDict", "collections.UserList", "builtins.set", "builtins.frozenset", "builtins.list", "builtins.dict", "builtins.tuple",
        "builtins.int", "builtins.float", "builtins.complex", "builtins.bool", "builtins.str", "builtins.bytes", "builtins.bytearray",
        "builtins.slice", "builtins.range", "builtins.object", "builtins.type", "builtins.Ellipsis", "builtins.NotImplemented", "builtins.NoneType",
        "builtins.unicode", "builtins.long", "builtins.xrange", "argparse.Namespace", "types.SimpleNamespace", "_codecs.encode",
        "copyreg._reconstructor", "functools.partial", "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone",
        "pathlib.Path", "pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib.WindowsPath", "pathlib.PureWindowsPath", "pathlib.PurePath",
        "pathlib._local.Path", "pathlib._local.PosixPath", "pathlib._local.PurePosixPath", "pathlib._local.WindowsPath", "pathlib._local.PureWindowsPath",
        "pathlib._local.PurePath", "decimal.Decimal", "fractions.Fraction", "uuid.UUID", "uuid.SafeUUID", "random.Random", "enum.EnumMeta", "enum.EnumType",
        "typing.Any", "typing.Union", "typing.Optional", "typing.List", "typing.Dict", "typing.Tuple",
    ];

    // Every other name of these is refused: Python's library (sys.stdlib_module_names of CPython 3.14, and of older versions what left
    // it), and packages that run what they are given.
    private const string GuardedModules =
        " IPython __builtin__ __future__ _abc _aix_support _ast _asyncio _bisect _blake2 _bootsubprocess _bz2 _codecs _codecs_cn"
        + " _codecs_hk _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _collections _collections_abc _compat_pickle _compression"
        + " _contextvars _crypt _csv _ctypes _curses _curses_panel _datetime _dbm _decimal _elementtree _frozen_importlib"
        + " _frozen_importlib_external _functools _gdbm _hashlib _heapq _imp _io _json _locale _lsprof _lzma _markupbase _md5 _msi"
        + " _multibytecodec _multiprocessing _opcode _operator _osx_support _overlapped _pickle _posixshmem _posixsubprocess _py_abc"
        + " _pydecimal _pyio _queue _random _scproxy _sha1 _sha256 _sha3 _sha512 _signal _sitebuiltins _socket _sqlite3 _sre _ssl"
        + " _stat _statistics _string _strptime _struct _symtable _thread _threading_local _tkinter _tokenize _tracemalloc _typing"
        + " _uuid _warnings _weakref _weakrefset _winapi _zoneinfo abc aifc antigravity argparse array ast asynchat asyncio asyncore"
        + " atexit audioop base64 bdb binascii bisect builtins bz2 cProfile calendar ce cgi cgitb chunk cloudpickle cmath cmd code"
        + " codecs codeop collections colorsys commands compileall concurrent configparser contextlib contextvars copy copy_reg"
        + " copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dill dis distutils doctest email encodings"
        + " ensurepip enum errno exceptions execnet faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc"
        + " genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib imghdr imp"
        + " importlib inspect io ipaddress itertools joblib json keyword lib2to3 linecache locale logging lzma mailbox mailcap"
        + " marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers"
        + " opcode operator optparse os os2 ossaudiodev pathlib pdb pickle pickletools pip pipes pkg_resources pkgutil platform"
        + " plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri"
        + " random re readline reprlib resource rlcompleter runpy sched secrets select selectors setuptools shelve shlex shutil"
        + " signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat"
        + " statistics string stringprep struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile"
        + " termios test textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle"
        + " turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound"
        + " wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo"
        + " ";

    /// <summary>Whether a file may mention a name without being refused.</summary>
    public static bool IsHarmless(string module, string name)
    {
        if (module is "torch" && !IsTorchConstant(name))
            return false;
        var end = module.IndexOf('.');
        var package = end < 0 ? module : module[..end];
        // A blank would end the search in the list; no module has one.
        if (package.Length == 0 || package.Contains(' '))
            return false;
        return !GuardedModules.Contains($" {package} ", StringComparison.Ordinal) || HarmlessNames.AsSpan().Contains(Canonical(module, name));
    }

    /// <summary>Whether a name has the form of a class of some package, which stands for a mere record of what the file says.</summary>
    public static bool IsClass(PickleGlobal global)
    {
        var name = global.Name.AsSpan(global.Name.LastIndexOf('.') + 1).TrimStart('_');
        return name.Length > 0 && char.IsUpper(name[0]) || HarmlessNames.AsSpan().Contains(Canonical(global.Module, global.Name));
    }

    /// <summary>Whether a class is one whose contents are read.</summary>
    public static bool IsKnownContainer(PickleGlobal global) => Canonical(global.Module, global.Name)
        is "collections.OrderedDict" or "collections.defaultdict" or "collections.Counter" or "collections.deque"
        or "builtins.dict" or "builtins.list" or "builtins.set" or "builtins.frozenset" or "torch.Size";

    /// <summary>The name in Python 3 of a name of Python 2.</summary>
    public static string Canonical(string module, string name) => module switch
    {
        "__builtin__" => $"builtins.{name}",
        "copy_reg" => $"copyreg.{name}",
        _ => $"{module}.{name}",
    };

    // The package torch itself holds functions that load files; of it only types, devices and layouts are wanted.
    private static bool IsTorchConstant(string name) => name is "Size" or "device" or "Tensor" or "Generator"
        or "per_tensor_affine" or "per_channel_affine" or "per_channel_affine_float_qparams" or "per_tensor_symmetric" or "per_channel_symmetric"
        or "strided" or "sparse_coo" or "sparse_csr" or "sparse_csc" or "sparse_bsr" or "sparse_bsc" or "jagged"
        or "contiguous_format" or "channels_last" or "channels_last_3d" or "preserve_format"
        || name.EndsWith("Storage", StringComparison.Ordinal) || name.EndsWith("Tensor", StringComparison.Ordinal)
        || Torch.TorchTypes.IsTypeName(name);
}
