namespace MmuStress.Machine.Tests;

/// <summary>What every test of the native machine says: the step, or the call, has been performed.</summary>
internal static class Awaiting
{
    public static ulong Value(this Step step)
    {
        Assert.True(step.IsCompleted);
        return step.GetResult();
    }

    public static void Done(this Coroutine call)
    {
        Assert.True(call.IsCompleted);
        call.GetResult();
    }

    public static T Value<T>(this Coroutine<T> call)
    {
        Assert.True(call.IsCompleted);
        return call.GetResult();
    }

    /// <summary>Asserts that exactly one property was violated, and how.</summary>
    public static void AssertViolation(this Multiprocessor machine, string invariant, string message)
    {
        Assert.NotNull(machine.Violation);
        Assert.Equal((invariant, message), (machine.Violation.Invariant, machine.Violation.Message));
    }
}
