namespace MmuStress.Machine;

/// <summary>struct completion: one side waits until the other has said that it is done.</summary>
public sealed class Completion
{
    private readonly Word done;

    /// <summary>A completion that is not done.</summary>
    /// <param name="machine">The machine it is on.</param>
    /// <param name="name">What is to be done.</param>
    public Completion(Multiprocessor machine, string name) => done = machine.Memory.Allocate(name, 1, BlockKind.Static)[0];

    /// <summary>complete_all: lets every present and future waiter go on.</summary>
    /// <param name="cpu">Who is done.</param>
    /// <returns>When it is said.</returns>
    public Step CompleteAll(Cpu cpu) => cpu.StoreRelease(done, 1);

    /// <summary>wait_for_completion: sleeps until it is done.</summary>
    /// <param name="cpu">Who waits.</param>
    /// <returns>When it is done.</returns>
    public Step Wait(Cpu cpu)
    {
        cpu.Held.AssertMaySleep("wait_for_completion");
        return cpu.WaitUntilNotEqual(done, 0);
    }
}
