using MmuStress.Actors;
using MmuStress.Machine;

namespace MmuStress.Scenarios;

/// <summary>A worker that has faulted a page in for a vCPU finishes while the VM is closed and the module goes (Z45).</summary>
/// <remarks>
/// Mirrors: async_pf_execute(), kvm_clear_async_pf_completion_queue(), virt/kvm/async_pf.c, kvm_vm_release(), kvm_destroy_vm(), before and after "KVM: Always flush
/// async #PF workqueue when vCPU is being destroyed" (v6.9). Before it a worker has a reference on the VM, which can be the last one: then it destroys the
/// VM, puts the VM's reference on the module, and returns into code that is not there any more. After it a worker has none, and the vCPU waits for it.
/// Differs: the module's code is one word, which is read wherever something of it runs.
/// </remarks>
/// <param name="isBefore">Whether the code is that before the fix.</param>
internal sealed class AsyncPfVsDestroy(bool isBefore) : LifetimeRace(
    "async-pf-vs-destroy", "a worker finishes while the VM is closed and the module goes", "3d75b8aa5c29", NoTextUseAfterFree, isBefore)
{
    /// <summary>No code runs of a module that has been unloaded.</summary>
    public const string NoTextUseAfterFree = nameof(NoTextUseAfterFree);

    private static readonly BlockKind Text = new("code of kvm.ko", NoTextUseAfterFree);
    private static readonly string[] Fields = ["kvm->users_count", "module refcount", "work done"];

    /// <inheritdoc/>
    protected override void Cast(Stage stage)
    {
        var vm = new Vm(stage.Machine, hasWorkerReference: IsBefore);
        AddThread(stage, "worker", IsBefore ? vm.ExecuteBefore : vm.Execute);
        AddThread(stage, "closer", IsBefore ? cpu => vm.Release(cpu, flushes: false) : cpu => vm.Release(cpu, flushes: true));
        AddThread(stage, "rmmod", vm.Unload);
    }

    private sealed class Vm
    {
        private readonly Multiprocessor machine;
        private readonly Block block;
        private readonly Block text;

        public Vm(Multiprocessor machine, bool hasWorkerReference)
        {
            this.machine = machine;
            block = machine.Memory.Allocate("kvm", Fields);
            text = machine.Memory.Allocate("kvm.ko", 1, Text, ["kvm.ko"]);
            Users.Initialise(hasWorkerReference ? 2UL : 1);
            Module.Initialise(2); // of the VM, and of the open file
        }

        private Word Users => block[0];

        private Word Module => block[1];

        private Word Done => block[2];

        // async_pf_execute() before the fix.
        public async Coroutine ExecuteBefore(Cpu cpu)
        {
            cpu.Log($"async_pf_execute()");
            await Run(cpu);
            await PutKvm(cpu, flushes: false);
            await Run(cpu); // the rest of it, and the return to process_one_work()
            await cpu.StoreRelease(Done, 1);
        }

        // async_pf_execute().
        public async Coroutine Execute(Cpu cpu)
        {
            cpu.Log($"async_pf_execute()");
            await Run(cpu);
            await cpu.StoreRelease(Done, 1);
        }

        // kvm_vm_release(), and then fput() gives the file's reference on the module back.
        public async Coroutine Release(Cpu cpu, bool flushes)
        {
            cpu.Log($"kvm_vm_release()");
            await Run(cpu);
            await PutKvm(cpu, flushes);
            await cpu.AddReturn(Module, -1);
            cpu.Log($"fput(): module_put()");
        }

        public async Coroutine Unload(Cpu cpu)
        {
            await cpu.WaitUntilEqual(Module, 0);
            cpu.Log($"delete_module(kvm)");
            machine.Memory.Free(cpu, text);
        }

        // kvm_put_kvm(), kvm_destroy_vm().
        private async Coroutine PutKvm(Cpu cpu, bool flushes)
        {
            if (await cpu.AddReturn(Users, -1) != 0)
            {
                return;
            }

            cpu.Log($"  kvm_destroy_vm()");
            if (flushes)
            {
                await cpu.WaitUntilEqual(Done, 1); // kvm_flush_and_free_async_pf_work()
            }

            await Run(cpu);
            await cpu.AddReturn(Module, -1);
            cpu.Log($"    module_put()");
        }

        private Step Run(Cpu cpu) => cpu.ReadOnce(text[0]);
    }
}
