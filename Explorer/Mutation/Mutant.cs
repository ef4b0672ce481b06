using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>What the CPUs of a mutated run have in common: what is left out, who takes sites down, and what words held in the beginning.</summary>
/// <param name="mutation">What is left out; null for nothing.</param>
/// <param name="sites">Where sites are taken down; null for nowhere.</param>
internal sealed class Mutant(Mutation? mutation, SiteRecorder? sites)
{
    private readonly Dictionary<(Block Block, int Index), ulong> initial = [];

    /// <summary>Where sites are taken down; null for nowhere.</summary>
    public SiteRecorder? Sites => sites;

    /// <summary>Whether what CPUs know of words is needed: a check is left out.</summary>
    public bool IsCheck => mutation?.Kind == MutationKind.Check;

    /// <summary>Forgets a run.</summary>
    public void BeginRun()
    {
        initial.Clear();
        sites?.BeginRun();
    }

    /// <summary>Whether this is what is left out.</summary>
    public bool LeavesOut(MutationKind kind, string file, int line) => mutation is not null && mutation.IsAt(kind, file, line);

    /// <summary>Notes what a word holds before its first write in this run.</summary>
    public void BeforeWrite(Word word) => initial.TryAdd((word.Block, word.Index), word.Block.Words[word.Index]);

    /// <summary>What a word held before its first write in this run.</summary>
    public ulong InitialOf(Word word) => initial.GetValueOrDefault((word.Block, word.Index), word.Block.Words[word.Index]);
}
