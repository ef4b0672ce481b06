using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>Z11 and Z12: the page of the APIC is not in a page table but in the VMCS, and vCPUs are asked to load its address anew when the host moves it.</summary>
/// <remarks>
/// I1: the VMCS holds no page that the host has freed, unless the vCPU is asked to load another. e649b3f0188f asks after the host's entry has changed,
/// where it was asked at the start, before; 878940b33d76 asks at the start again, and has the vCPU that finds an invalidation in progress ask itself once more.
/// Mirrors: kvm_arch_mmu_notifier_invalidate_range(), arch/x86/kvm/x86.c; vmx_set_apic_access_page_addr(), arch/x86/kvm/vmx/vmx.c (v5.9, v5.10, v6.4).
/// Differs: one vCPU. It is not kicked: what counts is what it enters the guest with in the end.
/// </remarks>
internal sealed class ApicAccessPage
{
    private const string NoStaleMapping = nameof(NoStaleMapping);
    private const ulong ApicPageReload = 1;
    private static readonly string[] Fields = ["mmu_invalidate_seq", "mmu_invalidate_in_progress", "host_pte", "vmcs->apic_access_addr", "vcpu->requests"];

    private readonly Multiprocessor machine;
    private readonly bool asksAfterChange;
    private readonly bool retries;
    private readonly SpinLock mmuLock;
    private readonly SpinLock pageTableLock;
    private readonly Block block;

    private ApicAccessPage(Stage stage, bool asksAfterChange, bool retries)
    {
        this.asksAfterChange = asksAfterChange;
        this.retries = retries;
        machine = stage.Machine;
        mmuLock = new SpinLock(machine, SmallLocks.MmuLock);
        pageTableLock = new SpinLock(machine, SmallLocks.PageTableLock);
        block = machine.Memory.Allocate("kvm", Fields);
        HostPte.Initialise(1);
        Vmcs.Initialise(1);
        stage.Add(new Doer(Names.Vcpu(0), EnterGuest), Does.Twice);
        stage.Add(new Doer(Names.Notifier(0), Migrate), Does.Once);
        stage.CheckAtEnd(Check);
    }

    /// <summary>The code before both.</summary>
    public static SmallScenario Before { get; } = new(
        "apic-page-before", "a vCPU is asked to load the APIC page's address before the host changes it", Expectation.Violated("", "e649b3f0188f", NoStaleMapping),
        static stage => _ = new ApicAccessPage(stage, asksAfterChange: false, retries: false));

    /// <summary>The code after e649b3f0188f.</summary>
    public static SmallScenario AsksAfterChange { get; } = new(
        "apic-page", "a vCPU is asked to load the APIC page's address after the host has changed it", Expectation.Held(""),
        static stage => _ = new ApicAccessPage(stage, asksAfterChange: true, retries: false));

    /// <summary>The code after 878940b33d76.</summary>
    public static SmallScenario Retries { get; } = new(
        "apic-page-retry", "a vCPU asks itself to load the APIC page's address again while it is being changed", Expectation.Held(""),
        static stage => _ = new ApicAccessPage(stage, asksAfterChange: false, retries: true));

    private Word Seq => block[0];

    private Word InProgress => block[1];

    private Word HostPte => block[2];

    private Word Vmcs => block[3];

    private Word Requests => block[4];

    // vcpu_enter_guest(), kvm_vcpu_reload_apic_access_page(), vmx_set_apic_access_page_addr()
    private async Coroutine EnterGuest(Cpu cpu)
    {
        if ((await cpu.FetchAndNot(Requests, ApicPageReload) & ApicPageReload) == 0)
        {
            return;
        }

        ulong mmuSeq = await cpu.ReadOnce(Seq);
        await cpu.Rmb();
        await cpu.Lock(pageTableLock);
        ulong pfn = cpu.Read(HostPte);
        await cpu.Unlock(pageTableLock);
        cpu.Log($"kvm_vcpu_reload_apic_access_page() => pfn {pfn}");
        if (!retries)
        {
            await cpu.WriteOnce(Vmcs, pfn);
            return;
        }

        await cpu.Lock(mmuLock);
        if (await cpu.ReadOnce(InProgress) != 0 || await cpu.ReadOnce(Seq) != mmuSeq)
        {
            cpu.Log($"kvm_make_request(KVM_REQ_APIC_PAGE_RELOAD)");
            await cpu.FetchOr(Requests, ApicPageReload);
        }
        else
        {
            await cpu.WriteOnce(Vmcs, pfn);
        }

        await cpu.Unlock(mmuLock);
    }

    // The host moves the page from 1 to 2.
    private async Coroutine Migrate(Cpu cpu)
    {
        await cpu.Lock(mmuLock);
        await cpu.WriteOnce(InProgress, 1);
        await cpu.Unlock(mmuLock);
        if (!asksAfterChange)
        {
            cpu.Log($"kvm_make_all_cpus_request(KVM_REQ_APIC_PAGE_RELOAD)");
            await cpu.FetchOr(Requests, ApicPageReload);
        }

        await cpu.Lock(pageTableLock);
        cpu.Write(HostPte, 2);
        await cpu.Unlock(pageTableLock);
        cpu.Log($"host moves pfn 1 to pfn 2, frees pfn 1");
        if (asksAfterChange)
        {
            cpu.Log($"kvm_make_all_cpus_request(KVM_REQ_APIC_PAGE_RELOAD)");
            await cpu.FetchOr(Requests, ApicPageReload);
        }

        await cpu.Lock(mmuLock);
        await cpu.WriteOnce(Seq, 1);
        await cpu.WriteOnce(InProgress, 0);
        await cpu.Unlock(mmuLock);
    }

    private void Check()
    {
        if (Vmcs.Peek != HostPte.Peek && (Requests.Peek & ApicPageReload) == 0)
        {
            machine.Report(new Violation(NoStaleMapping, "the VMCS is left with pfn 1, which the host has freed", "stale: pfn 1 is freed"), null);
        }
    }
}
