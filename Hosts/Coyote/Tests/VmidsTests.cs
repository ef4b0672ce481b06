using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about VMIDs: <c>coyote test ... -m VmidRollover</c>.</summary>
public static class VmidsTests
{
    [Test]
    public static void VmidRollover() => CoyoteTest.RunCaller();

    [Test]
    public static void VmidRolloverTwice() => CoyoteTest.RunCaller();

    [Test]
    public static void VmidGenerationBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void VmidGeneration() => CoyoteTest.RunCaller();

    [Test]
    public static void VmidLocklessBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void VmidLockless() => CoyoteTest.RunCaller();

    [Test]
    public static void VmidVttbrBefore() => CoyoteTest.RunCaller();

    [Test]
    public static void VmidVttbr() => CoyoteTest.RunCaller();
}
