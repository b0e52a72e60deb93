using System.Globalization;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Says what costs rest on.</summary>
internal static class PriceNotes
{
    public static void Add(List<string> notes, RecommendationRequest request, IReadOnlyList<HardwareRecommendation> shown, DateOnly today)
    {
        var prices = shown.Select(row => row.Price).OfType<HardwarePrice>().ToArray();
        if (prices.Length == 0)
        {
            if (request.Prices != PriceList.BuiltIn)
                notes.Add($"{request.Prices.Name} has no price of any of these.");
            return;
        }
        var (oldest, latest) = (prices[0], prices[0]); // there is one
        foreach (var price in prices)
            (oldest, latest) = (price.AsOf < oldest.AsOf ? price : oldest, price.AsOf > latest.AsOf ? price : latest);
        if (today.DayNumber - oldest.AsOf.DayNumber is > PriceList.FreshDays and var days)
        {
            notes.Add($"Prices are {days} days old ({oldest.AsOf:yyyy-MM-dd}, {oldest.Source}) and may have changed. To use your own: --prices FILE, "
                + "with the line hardware,price,as_of,source and a line for each.");
        }
        if (latest.AsOf > today)
        {
            var later = prices.Where(price => price.AsOf > today).Distinct().Count();
            notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"{later} price{(later == 1 ? " is" : "s are")} dated after today ({today:yyyy-MM-dd}), such as that of {latest.Hardware} ({latest.AsOf:yyyy-MM-dd}, {latest.Source}): check as_of in --prices."));
        }
        var share = request.PaidShare.ToString("0%", CultureInfo.InvariantCulture);
        notes.Add(request.Task == TaskType.Training ? $"Costs are for GPUs that train {share} of the paid time: --utilisation says otherwise."
            : $"Costs are for hardware that has work {share} of the paid time: at half of that everything costs twice as much. --utilisation says what yours has.");
    }
}
