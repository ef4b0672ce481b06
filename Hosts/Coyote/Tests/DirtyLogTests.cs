using Microsoft.Coyote.SystematicTesting;

namespace MmuStress.Hosts;

#pragma warning disable CS1591 // each is called after its scenario and MMU, and that is all there is to say

/// <summary>Scenarios about the dirty log: <c>coyote test ... -m LiveMigrationOnLoongarchV3</c>.</summary>
public static class DirtyLogTests
{
    [Test]
    public static void LiveMigrationOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void LiveMigrationOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void LiveMigrationOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void LiveMigrationOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogClearOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogClearOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogClearOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogClearOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogStrictOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogStrictOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogStrictOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogStrictOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogEnableOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogEnableOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogEnableOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogEnableOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogVsDeleteOnLoongarchV3() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogVsDeleteOnLoongarchV20() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogVsDeleteOnLoongarch() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogVsDeleteOnLoongarchMended() => CoyoteTest.RunCaller();

    [Test]
    public static void LiveMigrationOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void LiveMigrationOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void LiveMigrationOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogClearOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogClearOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogClearOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogStrictOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogStrictOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogEnableOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogEnableOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogEnableOnX86() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogVsDeleteOnArm64() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogVsDeleteOnMips() => CoyoteTest.RunCaller();

    [Test]
    public static void DirtyLogVsDeleteOnX86() => CoyoteTest.RunCaller();
}
