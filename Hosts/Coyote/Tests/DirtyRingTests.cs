using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about dirty rings: <c>coyote test ... -m DirtyRingOnLoongarch</c>.</summary>
public static class DirtyRingTests
{
    [Test]
    public static void DirtyRingOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyRingFullOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyRingWrapBeforeOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyRingWrapOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyRingFlagsBeforeOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyRingFlagsOnLoongarch() => CoyoteTest.RunCaller();
}
