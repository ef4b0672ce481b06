using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about x86: <c>coyote test ... -m RootZapProgressOnX86</c>.</summary>
public static class X86Tests
{
    [Test]
    public static void RootZapProgressOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void RootInvalidVsFaultBeforeOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void RootInvalidVsFaultOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void RootZapVsUnmapBeforeOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void RootZapVsUnmapOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void RootZapYieldsBeforeOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void RootZapYieldsOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void ZapYieldsVsReadBeforeOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void ZapYieldsVsReadOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void FastFaultVsZapBeforeOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void FastFaultVsZapOnX86() => CoyoteTest.RunCaller();
}
