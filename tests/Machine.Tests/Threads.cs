using System.Threading;

namespace MmuStress.Machine.Tests;

/// <summary>Real threads, each on a native CPU of its own.</summary>
internal static class Threads
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Runs <paramref name="body"/> on <paramref name="count"/> threads at once and rethrows what the first of them threw.</summary>
    public static void Run(NativeMachine machine, int count, Action<NativeCpu, int> body)
    {
        using var barrier = new Barrier(count);
        Exception? failure = null;
        var threads = new List<Thread>();
        for (int i = 0; i < count; i++)
        {
            int id = i;
            NativeCpu cpu = machine.AddCpu($"cpu{id}");
            var thread = new Thread(() =>
            {
                try
                {
                    barrier.SignalAndWait();
                    body(cpu, id);
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref failure, e, null);
                    machine.Stop();
                }
            })
            { IsBackground = true };
            thread.Start();
            threads.Add(thread);
        }

        foreach (Thread thread in threads)
        {
            Assert.True(thread.Join(Patience), "a thread did not end");
        }

        if (failure is not null)
        {
            throw new InvalidOperationException(failure.Message, failure);
        }
    }

    /// <summary>Begins <paramref name="body"/> on a thread of its own.</summary>
    public static Thread Begin(Action body)
    {
        var thread = new Thread(() => body()) { IsBackground = true };
        thread.Start();
        return thread;
    }

    public static void End(Thread thread) => Assert.True(thread.Join(Patience), "a thread did not end");
}
