using System.Text.Json.Nodes;

namespace MmuStress.Cli;

/// <summary>A row of <c>verify all</c>: what was expected and what was seen.</summary>
/// <param name="Row">The same as a row of <c>explore all</c>; its schedules are the complete executions.</param>
/// <param name="Blocked">How many executions were cut short.</param>
/// <param name="IsComplete">Whether everything was explored.</param>
internal sealed record VerifyRow(ExploreRow Row, long Blocked, bool IsComplete)
{
    /// <summary>What was seen: as in <c>explore all</c>, or "undecided" where a limit was reached before everything was explored.</summary>
    public string Seen => IsUndecided ? "undecided" : Row.Seen;

    /// <summary>Whether nothing was found and not everything explored.</summary>
    public bool IsUndecided => !IsComplete && Row.Violation is null;

    /// <summary>Whether what was seen is not what was expected; a row that is not decided is not.</summary>
    public bool IsUnexpected => !IsUndecided && Row.IsUnexpected;

    /// <summary>The row for scripts.</summary>
    /// <returns>An object.</returns>
    public JsonObject ToJson()
    {
        JsonObject json = Row.ToJson();
        json["seen"] = Seen;
        json["blocked"] = Blocked;
        json["complete"] = IsComplete;
        return json;
    }

    /// <summary>The row for CI systems.</summary>
    /// <returns>A test case; one that is not decided passes and says so.</returns>
    public JUnitCase ToJUnit() => IsUndecided
        ? Row.ToJUnit() with { Failure = null, Text = $"not decided after {Quantity.Count(Row.Schedules, "execution")}" }
        : Row.ToJUnit();
}
