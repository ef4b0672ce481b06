using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about arm64: <c>coyote test ... -m ParallelFaultsOnArm64</c>.</summary>
public static class Arm64Tests
{
    [Test]
    public static void ParallelFaultsOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void ParallelFaultVsUnmapOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void BreakVsReadOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void BlockVsWalkOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void BlockVsWalkBeforeOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void BlockSplitVsFaultOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void BlockVsDirtyLogOnArm64() => CoyoteTest.RunCaller();
}
