using static Gpux.Benchmarks.Database.DuckDb.DuckDbApi;

namespace Gpux.Benchmarks.Database.DuckDb;

/// <summary>Interrupts a connection's statement when a token is cancelled, until disposed of.</summary>
internal sealed class Interruption : IDisposable
{
    // A statement forgets the interrupts that came before it began, and one may come right before: they are repeated.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private readonly ConnectionHandle _connection;
    private readonly CancellationTokenRegistration _registration;
    private Timer? _timer;
    private bool _isOver;

    private Interruption(ConnectionHandle connection, CancellationToken cancellationToken)
    {
        _connection = connection;
        _registration = cancellationToken.UnsafeRegister(static state => ((Interruption)state!).Begin(), this); // state is this
    }

    /// <returns>Null for a token that nobody can cancel.</returns>
    public static Interruption? On(ConnectionHandle connection, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return cancellationToken.CanBeCanceled ? new Interruption(connection, cancellationToken) : null;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            _timer?.Dispose();
        }
        _registration.Dispose();
    }

    private void Begin()
    {
        lock (_gate)
            if (!_isOver)
                _timer = new Timer(static state => ((Interruption)state!).Interrupt(), this, TimeSpan.Zero, Interval); // state is this
    }

    private void Interrupt()
    {
        lock (_gate)
            if (!_isOver)
                duckdb_interrupt(_connection);
    }
}
