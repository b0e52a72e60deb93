using System.Globalization;
using Gpux.Models.Precision;

namespace Gpux.Cli.Commands;

/// <summary>What a precision costs, in a line.</summary>
internal static class ProofText
{
    /// <summary>Such as "int8 against fp32 on 4 synthetic inputs: cosine 0.9987, top-1 agreement 98.1 %, largest difference 0.041".</summary>
    public static string Of(PrecisionProof proof)
    {
        var agreement = proof.Outputs.Where(output => output.TopAgreement is not null).Select(output => output.TopAgreement).Min();
        return string.Create(CultureInfo.InvariantCulture, $"{PrecisionNames.Of(proof.Precision)} against fp32 on {proof.Runs} {proof.Inputs} inputs: cosine {proof.Cosine:0.####}"
            + $"{(agreement is { } share ? $", top-1 agreement {share:0.0 %}" : "")}, largest difference {proof.Outputs.Select(output => output.MaxAbs).DefaultIfEmpty().Max():0.0###}"
            + $"{(proof.IsWithinBound ? "" : $"; below the bound of {proof.Bound}")}");
    }
}
