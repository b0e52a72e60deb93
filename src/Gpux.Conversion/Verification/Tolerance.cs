namespace Gpux.Conversion.Verification;

/// <summary>How far a computed element may lie from the recorded one: absolute + relative * |recorded|.</summary>
public readonly record struct Tolerance(double Absolute, double Relative)
{
    public static Tolerance Exact { get; } = new(0, 0);

    public bool Allows(double recorded, double computed) => recorded == computed
        || double.IsNaN(recorded) && double.IsNaN(computed)
        || Math.Abs(computed - recorded) <= Absolute + Relative * Math.Abs(recorded);
}
