namespace MmuStress.Mmu.Tests;

public sealed class RequestTests
{
    // kvm_request_needs_ipi().
    [Theory]
    [InlineData(true, VcpuMode.OutsideGuestMode, false)]
    [InlineData(true, VcpuMode.InGuestMode, true)]
    [InlineData(true, VcpuMode.ExitingGuestMode, true)]
    [InlineData(true, VcpuMode.ReadingShadowPageTables, true)]
    [InlineData(false, VcpuMode.OutsideGuestMode, false)]
    [InlineData(false, VcpuMode.InGuestMode, true)]
    [InlineData(false, VcpuMode.ExitingGuestMode, false)]
    [InlineData(false, VcpuMode.ReadingShadowPageTables, false)]
    public void NeedsIpi_InEachMode_IsTheKernelsDecision(bool waits, VcpuMode mode, bool expected) =>
        Assert.Equal(expected, new Request(0, waits, WakesUp: false).NeedsIpi(mode));

    [Fact]
    public void TlbFlush_IsARequestThatWaitsAndWakesNobody()
    {
        Assert.True(Request.TlbFlush.Waits);
        Assert.False(Request.TlbFlush.WakesUp);
    }
}
