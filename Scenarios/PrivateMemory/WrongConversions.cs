using MmuStress.Machine;
using MmuStress.Mmu;

namespace MmuStress.Scenarios;

/// <summary>Conversions that are wrong in one point each.</summary>
internal static class WrongConversions
{
    /// <summary>Stores the attribute when the invalidation is over: a fault that comes in between maps by the old one.</summary>
    /// <param name="kvm">The VM.</param>
    internal sealed class LateAttribute(Kvm kvm) : MemoryAttributes(kvm)
    {
        /// <inheritdoc/>
        protected override async Coroutine<int> Convert(Cpu cpu, GfnRange gfns, ulong attributes)
        {
            await PreSetMemoryAttributes(cpu, gfns);
            int result = attributes == Private ? await TakeFromHost(cpu, gfns) : 0;
            if (result == 0 && attributes != Private)
            {
                await GiveToHost(cpu, gfns);
            }

            await PostSetMemoryAttributes(cpu, gfns);
            if (result == 0)
            {
                await Store(cpu, gfns, attributes);
            }

            return result;
        }
    }

    /// <summary>Zaps and flushes, and tells no fault that it did: one that looked the attribute up before maps by it afterwards.</summary>
    /// <param name="kvm">The VM.</param>
    internal sealed class NoInvalidation(Kvm kvm) : MemoryAttributes(kvm)
    {
        private readonly Kvm vm = kvm;

        /// <inheritdoc/>
        protected override async Coroutine<int> Convert(Cpu cpu, GfnRange gfns, ulong attributes)
        {
            MemslotSet slots = await vm.Memslots(cpu);
            await cpu.Lock(vm.MmuLock);
            await Zap(cpu, slots, gfns, isInvalidation: false);
            await cpu.Unlock(vm.MmuLock);
            int result = attributes == Private ? await TakeFromHost(cpu, gfns) : 0;
            if (result == 0)
            {
                await Store(cpu, gfns, attributes);
                if (attributes != Private)
                {
                    await GiveToHost(cpu, gfns);
                }
            }

            return result;
        }
    }

    /// <summary>Takes the page from the host when it is private already.</summary>
    /// <param name="kvm">The VM.</param>
    internal sealed class LatePoison(Kvm kvm) : MemoryAttributes(kvm)
    {
        /// <inheritdoc/>
        protected override async Coroutine<int> Convert(Cpu cpu, GfnRange gfns, ulong attributes)
        {
            await PreSetMemoryAttributes(cpu, gfns);
            await Store(cpu, gfns, attributes);
            if (attributes != Private)
            {
                await GiveToHost(cpu, gfns);
            }

            await PostSetMemoryAttributes(cpu, gfns);
            return attributes == Private ? await TakeFromHost(cpu, gfns) : 0;
        }
    }

    /// <summary>Gives the page to the host while it is still private.</summary>
    /// <param name="kvm">The VM.</param>
    internal sealed class EarlyUnpoison(Kvm kvm) : MemoryAttributes(kvm)
    {
        /// <inheritdoc/>
        protected override async Coroutine<int> Convert(Cpu cpu, GfnRange gfns, ulong attributes)
        {
            if (attributes != Private)
            {
                await GiveToHost(cpu, gfns);
            }

            return await base.Convert(cpu, gfns, attributes);
        }
    }

    /// <summary>Takes a page from the host on which somebody holds a reference, as the RFC of April 2021 does.</summary>
    /// <param name="kvm">The VM.</param>
    internal sealed class IgnoresPins(Kvm kvm) : MemoryAttributes(kvm)
    {
        private readonly HostMm mm = kvm.Mm;

        /// <inheritdoc/>
        protected override Coroutine<int> Poison(Cpu cpu, Hva hva) => mm.Poison(cpu, hva, allowsPins: true);
    }

    /// <summary>Poisons what a fault finds missing without looking at the attribute again.</summary>
    /// <param name="kvm">The VM.</param>
    internal sealed class PoisonsUnasked(Kvm kvm) : MemoryAttributes(kvm)
    {
        private readonly HostMm mm = kvm.Mm;

        /// <inheritdoc/>
        public override Coroutine<int> PoisonAgain(Cpu cpu, Gfn gfn, Hva hva) => mm.Poison(cpu, hva);
    }
}
