using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>A doorbell is rung for a vCPU that is about to enter the guest (Z27).</summary>
/// <remarks>
/// Mirrors: kvmhv_run_single_vcpu(), kvmppc_set_guest doorbells and kvmppc_fast_vcpu_kick_hv(), arch/powerpc/kvm/book3s_hv.c, before and after "KVM: PPC: Book3S HV P9: Fix "lost
/// kick" race" (v5.18). Who enters must say on which CPU before it looks for what is pending, with a full barrier between; who kicks makes the request, then
/// looks for the CPU. Before the fix the two are the other way round.
/// Differs: the guest is a word that says that it runs; an interrupt is one, too, and ends the guest.
/// </remarks>
/// <param name="isBefore">Whether the code is that before the fix.</param>
internal sealed class LostKick(bool isBefore) : LifetimeRace(
    "lost-kick", "a doorbell is rung for a vCPU that is about to enter the guest", "c7fa848ff01d", NoLostKick, isBefore)
{
    /// <summary>No vCPU is in the guest with a request pending, of which no interrupt tells it.</summary>
    public const string NoLostKick = nameof(NoLostKick);

    private const ulong NoCpu = ulong.MaxValue;

    private static readonly string[] Fields = ["vcpu->cpu", "vcpu->doorbell_request", "in guest", "interrupt"];

    /// <inheritdoc/>
    protected override void Cast(Stage stage)
    {
        Block vcpu = stage.Machine.Memory.Allocate("vcpu", Fields);
        vcpu[0].Initialise(NoCpu);
        AddThread(stage, "vcpu0", IsBefore ? cpu => RunBefore(cpu, vcpu) : cpu => Run(cpu, vcpu));
        AddThread(stage, "vcpu1", cpu => Kick(cpu, vcpu));
        stage.CheckAtEnd(() =>
        {
            if (vcpu[2].Peek != 0 && vcpu[1].Peek != 0 && vcpu[3].Peek == 0)
            {
                stage.Machine.Report(new Violation(NoLostKick, "vcpu0 is in the guest, a doorbell is pending, and nobody interrupts it", "the kick is lost"), null);
            }
        });
    }

    // kvmhv_run_single_vcpu() before the fix.
    private static async Coroutine RunBefore(Cpu cpu, Block vcpu)
    {
        bool isPending = await cpu.ReadOnce(vcpu[1]) != 0;
        cpu.Log($"doorbell_request => {(isPending ? "yes" : "no")}");
        await cpu.WriteOnce(vcpu[0], 0);
        await cpu.Mb();
        await Enter(cpu, vcpu, isPending);
    }

    // kvmhv_run_single_vcpu().
    private static async Coroutine Run(Cpu cpu, Block vcpu)
    {
        await cpu.WriteOnce(vcpu[0], 0);
        await cpu.Mb(); // pairs with that in Kick
        bool isPending = await cpu.ReadOnce(vcpu[1]) != 0;
        cpu.Log($"doorbell_request => {(isPending ? "yes" : "no")}");
        await Enter(cpu, vcpu, isPending);
    }

    private static async Coroutine Enter(Cpu cpu, Block vcpu, bool isPending)
    {
        if (!isPending)
        {
            await cpu.WriteOnce(vcpu[2], 1);
            cpu.Log($"vcpu0 enters the guest");
        }
    }

    // kvmppc_emulate_doorbell_instr(), kvmppc_fast_vcpu_kick_hv().
    private static async Coroutine Kick(Cpu cpu, Block vcpu)
    {
        await cpu.WriteOnce(vcpu[1], 1);
        cpu.Log($"doorbell_request = 1");
        await cpu.Mb();
        ulong target = await cpu.ReadOnce(vcpu[0]);
        cpu.Log($"kvmppc_fast_vcpu_kick()  vcpu->cpu => {(target == NoCpu ? "-1" : "0")}");
        if (target != NoCpu)
        {
            await cpu.WriteOnce(vcpu[3], 1);
        }
    }
}
