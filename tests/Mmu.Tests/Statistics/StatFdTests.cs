using MmuStress.Tests;

namespace MmuStress.Mmu.Tests;

public sealed class StatFdTests
{
    private readonly TestVm vm = new(MmuArchitectures.LoongArchMended);
    private readonly KvmStatistics statistics;

    public StatFdTests()
    {
        statistics = new KvmStatistics(vm.Kvm, "kvm-7");
        vm.Kvm.Tracepoints = statistics;
        vm.Set(0, 0, 8, 0);
        vm.Fault(1);
        vm.Fault(2, write: true);
        vm.Invalidate(1, 3);
        vm.Invalidate(20);
    }

    [Fact]
    public void File_ReadByTheDocumentAlone_SaysWhatWasCounted()
    {
        var file = new DocumentedStatistics(new StatFd(statistics.Vm).ReadAll());
        Assert.Equal("kvm-7", file.Id);
        Assert.Equal(VmStat.All.Select(s => s.Name).Order(StringComparer.Ordinal), file.Values.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([2UL], file.Values["pages_mapped"]);
        Assert.Equal([2UL], file.Values["max_pages_4k"]);
        Assert.Equal([0UL], file.Values["pages_4k"]);
        Assert.Equal([8UL], file.Values["memslot_size"]);
        Assert.Equal([0UL, 1, 1, .. Enumerable.Repeat(0UL, 13)], file.Values["mmu_notifier_pages_hist"]);
        Assert.Equal(("cumulative", "", 10, (short)0, 0u), file.Kinds["pages_mapped"]);
        Assert.Equal(("instant", "", 10, (short)0, 0u), file.Kinds["pages_4k"]);
        Assert.Equal(("peak", "", 10, (short)0, 0u), file.Kinds["max_pages_4k"]);
        Assert.Equal(("instant", "bytes", 2, (short)12, 0u), file.Kinds["memslot_size"]);
        Assert.Equal(("log", "", 10, (short)0, 0u), file.Kinds["mmu_notifier_pages_hist"]);
    }

    [Fact]
    public void VcpuFile_ReadByTheDocumentAlone_SaysWhatWasCounted()
    {
        var file = new DocumentedStatistics(new StatFd(statistics.Vcpus[0]).ReadAll());
        Assert.Equal("kvm-7/vcpu-0", file.Id);
        Assert.Equal([2UL], file.Values["pf_taken"]);
        Assert.Equal(("instant", "boolean", 10, (short)0, 0u), file.Kinds["in_guest_mode"]);
        Assert.Equal(("linear", "", 10, (short)0, 1u), file.Kinds["pf_retries_hist"]);
        Assert.Equal([2UL, 0, 0, 0, 0, 0, 0, 0], file.Values["pf_retries_hist"]);
    }

    [Fact]
    public void File_ReadByTheProduct_SaysTheSame()
    {
        byte[] bytes = new StatFd(statistics.Vm).ReadAll();
        StatFile file = StatFile.Parse(bytes);
        var documented = new DocumentedStatistics(bytes);
        Assert.Equal(documented.Id, file.Id);
        Assert.Equal(VmStat.All.Select(s => s with { Summary = "" }), file.Statistics.Select(s => s.Descriptor));
        Assert.All(file.Statistics, s => Assert.Equal(documented.Values[s.Descriptor.Name], s.Values));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(100_000)]
    public void Read_InPieces_IsTheSameFile(int piece)
    {
        var fd = new StatFd(statistics.Vm);
        byte[] all = fd.ReadAll();
        var read = new List<byte>();
        byte[] buffer = new byte[piece];
        for (int count; (count = fd.Read(buffer, read.Count)) != 0;)
        {
            read.AddRange(buffer[..count]);
        }

        Assert.Equal(all, read);
    }

    [Fact]
    public void Read_LaterOn_HasOtherValuesAndTheSameRest()
    {
        var fd = new StatFd(statistics.Vm);
        byte[] before = fd.ReadAll();
        vm.Fault(3);
        byte[] after = fd.ReadAll();
        Assert.NotEqual(before, after);
        int data = BitConverter.ToInt32(before, 20);
        Assert.Equal(before[..data], after[..data]);
        Assert.Equal(new DocumentedStatistics(before).Values["pages_mapped"][0] + 1, new DocumentedStatistics(after).Values["pages_mapped"][0]);
    }

    [Fact]
    public void Read_BeyondTheEnd_IsEmpty() => Assert.Equal(0, new StatFd(statistics.Vm).Read(new byte[8], long.MaxValue));
}
