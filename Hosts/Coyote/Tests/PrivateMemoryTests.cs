using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about private memory: <c>coyote test ... -m PrivateConvertVsFault</c>.</summary>
public static class PrivateMemoryTests
{
    [Test]
    public static void PrivateConvertVsFault() => CoyoteTest.RunCaller();

    [Test]
    public static void PrivateConvertVsFaultLate() => CoyoteTest.RunCaller();

    [Test]
    public static void PrivateConvertVsHost() => CoyoteTest.RunCaller();

    [Test]
    public static void PrivateConvertVsHostLate() => CoyoteTest.RunCaller();

    [Test]
    public static void PrivateShareVsHost() => CoyoteTest.RunCaller();

    [Test]
    public static void PrivateShareVsHostEarly() => CoyoteTest.RunCaller();

    [Test]
    public static void PrivateConvertVsCopy() => CoyoteTest.RunCaller();

    [Test]
    public static void PrivateConvertVsCopyRfc() => CoyoteTest.RunCaller();

    [Test]
    public static void PrivateShareVsFault() => CoyoteTest.RunCaller();

    [Test]
    public static void PrivateShareVsFaultUntold() => CoyoteTest.RunCaller();

    [Test]
    public static void PrivateShareVsPoison() => CoyoteTest.RunCaller();

    [Test]
    public static void PrivateShareVsPoisonLate() => CoyoteTest.RunCaller();

    [Test]
    public static void PrivateShareVsPoisonUnasked() => CoyoteTest.RunCaller();
}
