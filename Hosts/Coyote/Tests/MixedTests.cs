using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about everything at once: <c>coyote test ... -m MixedOnLoongarchV3</c>.</summary>
public static class MixedTests
{
    [Test]
    public static void MixedOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void MixedOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void MixedOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void MixedOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void MixedOnArm642014() => CoyoteTest.RunCaller();

    [Test]
    public static void MixedOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void MixedOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void MixedOnX86() => CoyoteTest.RunCaller();
}
