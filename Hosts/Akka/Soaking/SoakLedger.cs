using System.Diagnostics;
using MmuStress.Machine;

namespace MmuStress.Hosts.Akka;

/// <summary>What the VMs of a soak have reported. The coordinator writes; anyone may read.</summary>
internal sealed class SoakLedger
{
    private readonly System.Threading.Lock gate = new();
    private readonly Stopwatch watch = new();
    private readonly Entry[] entries;
    private readonly HashSet<int> running;
    private VmTally finished = VmTally.None;
    private Violation? violation;
    private string violator = "";
    private readonly Dictionary<string, long> deadLetters = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Node> nodes = new(StringComparer.Ordinal);
    private long restarts;

    /// <summary>A ledger for a number of VMs, none of which has begun.</summary>
    /// <param name="vms">How many.</param>
    public SoakLedger(int vms)
    {
        entries = Enumerable.Range(0, vms).Select(_ => new Entry()).ToArray();
        running = Enumerable.Range(0, vms).ToHashSet();
    }

    /// <summary>Whether the VMs are on several nodes.</summary>
    public bool IsCluster { get; init; }

    /// <summary>How many VMs there are.</summary>
    public int Vms => entries.Length;

    /// <summary>For how long they have run.</summary>
    public TimeSpan Elapsed => watch.Elapsed;

    /// <summary>The VMs that have not ended.</summary>
    public IReadOnlyCollection<int> Running
    {
        get
        {
            lock (gate)
            {
                return running.ToArray();
            }
        }
    }

    /// <summary>What is reported.</summary>
    public SoakProgress Progress
    {
        get
        {
            lock (gate)
            {
                VmTally sum = entries.Aggregate(finished, (all, e) => all.Plus(e.Tally));
                List<KeyValuePair<string, long>> counters = sum.Names.Zip(sum.Values, KeyValuePair.Create).ToList();
                return new SoakProgress(watch.Elapsed, sum.Messages, sum.Accesses, counters, violation, violator)
                {
                    DeadLetters = deadLetters.Values.Sum(),
                    Cluster = IsCluster ? ClusterReport() : null,
                };
            }
        }
    }

    /// <summary>Begins to count the time.</summary>
    public void Begin() => watch.Start();

    /// <summary>Ends it.</summary>
    public void End() => watch.Stop();

    /// <summary>Notes how many dead letters there are.</summary>
    /// <param name="node">Where; empty where there is only one.</param>
    /// <param name="count">How many.</param>
    public void NoteDeadLetters(string node, long count)
    {
        lock (gate)
        {
            deadLetters[node] = count;
        }
    }

    /// <summary>How often a VM has begun before.</summary>
    /// <param name="number">The VM's number.</param>
    /// <returns>0 for its first attempt.</returns>
    public int AttemptOf(int number) => entries[number].Attempt;

    /// <summary>Where a VM runs.</summary>
    /// <param name="number">The VM's number.</param>
    /// <returns>The node; null where it is not known to run.</returns>
    public string? NodeOf(int number) => entries[number].Node;

    /// <summary>Notes that a VM runs.</summary>
    /// <param name="begun">Where.</param>
    public void Note(Vm.Begun begun)
    {
        lock (gate)
        {
            if (begun.Attempt == entries[begun.Number].Attempt)
            {
                entries[begun.Number].Node = begun.Node;
            }
        }
    }

    /// <summary>Notes how far a VM has come.</summary>
    /// <param name="progress">How far.</param>
    public void Note(Vm.Progress progress)
    {
        lock (gate)
        {
            if (progress.Attempt == entries[progress.Number].Attempt && running.Contains(progress.Number))
            {
                entries[progress.Number].Tally = progress.Tally;
            }
        }
    }

    /// <summary>Notes what a VM has counted that has to begin again.</summary>
    /// <param name="ended">Its last words.</param>
    public void NoteTally(Vm.Ended ended)
    {
        lock (gate)
        {
            entries[ended.Number].Tally = ended.Tally;
        }
    }

    /// <summary>Notes that a VM has ended.</summary>
    /// <param name="ended">How.</param>
    public void Note(Vm.Ended ended)
    {
        lock (gate)
        {
            if (violation is null && ended.Violation is not null)
            {
                violation = ended.Violation;
                violator = Vms == 1 ? ended.Violator : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"vm{ended.Number}/{ended.Violator}").TrimEnd('/');
            }

            if (ended.Attempt == entries[ended.Number].Attempt && running.Remove(ended.Number))
            {
                entries[ended.Number].Tally = ended.Tally;
                if (entries[ended.Number].Node is { } node)
                {
                    NodeAt(node).Ended++;
                }
            }
        }
    }

    /// <summary>Whether a VM's report is of its present attempt, and the VM has not ended yet.</summary>
    /// <param name="ended">The report.</param>
    /// <returns>False for one that comes late.</returns>
    public bool IsCurrent(Vm.Ended ended)
    {
        lock (gate)
        {
            return ended.Attempt == entries[ended.Number].Attempt && running.Contains(ended.Number);
        }
    }

    /// <summary>Notes what has become of a node.</summary>
    /// <param name="address">Where it listens.</param>
    /// <param name="state">"up", "left" or "lost".</param>
    public void NoteNode(string address, string state)
    {
        lock (gate)
        {
            NodeAt(address).State = state;
        }
    }

    /// <summary>Notes that a VM has to begin again; what it is known to have counted stays counted.</summary>
    /// <param name="number">The VM's number.</param>
    public void Restart(int number)
    {
        lock (gate)
        {
            Entry entry = entries[number];
            if (entry.Node is { } node)
            {
                NodeAt(node).Moved++;
            }

            finished = finished.Plus(entry.Tally);
            entry.Tally = VmTally.None;
            entry.Attempt++;
            entry.Node = null;
            running.Add(number);
            restarts++;
        }
    }

    private Node NodeAt(string address)
    {
        if (!nodes.TryGetValue(address, out Node? node))
        {
            node = new Node();
            nodes.Add(address, node);
        }

        return node;
    }

    private SoakCluster ClusterReport() =>
        new(Vms, Vms - running.Count, restarts, nodes.Select(n => new SoakNode(n.Key, n.Value.State, n.Value.Ended, n.Value.Moved)).ToList());

    private sealed class Node
    {
        public string State { get; set; } = "up";

        public int Ended { get; set; }

        public int Moved { get; set; }
    }

    private sealed class Entry
    {
        public VmTally Tally { get; set; } = VmTally.None;

        public int Attempt { get; set; }

        public string? Node { get; set; }
    }
}
