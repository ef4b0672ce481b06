using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about nested guests: <c>coyote test ... -m NestedBitmapVsMove</c>.</summary>
public static class NestedTests
{
    [Test]
    public static void NestedBitmapVsMove() => CoyoteTest.RunCaller();

    [Test]
    public static void NestedBitmapVsMoveApart() => CoyoteTest.RunCaller();

    [Test]
    public static void NestedControlsVsL1() => CoyoteTest.RunCaller();

    [Test]
    public static void NestedControlsVsL1Before() => CoyoteTest.RunCaller();
}
