using MmuStress.Machine;

namespace MmuStress.Explorer;

/// <summary>Takes down which synchronising operations the code under test performs, and where.</summary>
/// <remarks>
/// What counts: barriers, the ordering of acquires, releases and atomics, locks, SRCU sections, waits, functions that are called as one
/// operation; writes and atomics on structures, not on page tables or in pages; and checks. A check is a marked read of a structure, or a plain read under
/// a lock, of a word that is written with marked writes, whose CPU does not write the word before it holds nothing any more. Where a CPU
/// gives a lock back, and always takes it again before it holds nothing, the pair counts as well.
/// Holding counts where the code under test took it, SRCU sections included. One thread at a time.
/// </remarks>
/// <param name="isUnderTest">Whether operations in a source file count, named as the compiler fills it in, without a leading slash.</param>
/// <param name="isData">Whether memory holds what the code works on, not what it synchronises with; pages do.</param>
public sealed class SiteRecorder(Func<string, bool> isUnderTest, Func<BlockKind, bool> isData)
{
    private readonly Dictionary<(string File, int Line, MutationKind Kind), string> sites = [];
    private readonly Dictionary<string, bool> files = new(StringComparer.Ordinal);
    private readonly Dictionary<int, Section> sections = [];
    private readonly HashSet<string> markedWrites = new(StringComparer.Ordinal);
    private readonly Dictionary<(string File, int Line), string> plainReads = [];
    private readonly HashSet<(string File, int Line)> notChecks = [];
    private readonly Dictionary<(string File, int Line), string> relocks = [];
    private readonly HashSet<(string File, int Line)> notRelocks = [];

    /// <summary>The operations taken down so far, by file, line and kind.</summary>
    public IReadOnlyList<Mutation> Sites
    {
        get
        {
            EndSections();
            IEnumerable<Mutation> checks = plainReads
                .Where(r => !notChecks.Contains(r.Key) && markedWrites.Contains(r.Value))
                .Select(r => New(r.Key.File, r.Key.Line, MutationKind.Check, $"check({r.Value})"));
            IEnumerable<Mutation> pairs = relocks
                .Where(r => !notRelocks.Contains(r.Key))
                .Select(r => New(r.Key.File, r.Key.Line, MutationKind.Relock, r.Value));
            return sites.Select(s => New(s.Key.File, s.Key.Line, s.Key.Kind, s.Value)).Concat(checks).Concat(pairs)
                .OrderBy(m => m.File, StringComparer.Ordinal).ThenBy(m => m.Line).ThenBy(m => m.Kind)
                .ToList();
        }
    }

    internal void BeginRun() => EndSections();

    internal void Note(Cpu cpu, MutationKind kind, string operation, string file, int line)
    {
        if (!IsUnderTest(file))
        {
            return;
        }

        sites.TryAdd((file, line, kind), $"{operation}()");
        if (kind == MutationKind.Section)
        {
            SectionOf(cpu).Depth++;
        }
    }

    internal void Left(Cpu cpu, string file)
    {
        if (IsUnderTest(file))
        {
            SectionOf(cpu).Depth--;
        }
    }

    internal void Note(Cpu cpu, MutationKind kind, string operation, Word word, string file, int line)
    {
        if (IsUnderTest(file))
        {
            sites.TryAdd((file, line, kind), $"{operation}({NameOf(word)})");
        }

        if (kind == MutationKind.Update)
        {
            Written(cpu, word);
            markedWrites.Add(NameOf(word));
        }
    }

    internal void Write(Cpu cpu, string operation, Word word, string file, int line)
    {
        if (IsStructure(word))
        {
            Note(cpu, MutationKind.Update, operation, word, file, line);
        }
    }

    internal void Written(Cpu cpu, Word word) => SectionOf(cpu).Written.Add((word.Block, word.Index));

    internal void Read(Cpu cpu, Word word, string file, int line)
    {
        if (IsStructure(word))
        {
            Note(cpu, MutationKind.Check, "READ_ONCE", word, file, line);
        }
    }

    internal void PlainRead(Cpu cpu, Word word, string file, int line)
    {
        if (!IsStructure(word) || !IsUnderTest(file))
        {
            return;
        }

        Section section = SectionOf(cpu);
        if (section.Depth == 0)
        {
            return;
        }

        plainReads.TryAdd((file, line), NameOf(word));
        if (section.Written.Contains((word.Block, word.Index)))
        {
            notChecks.Add((file, line));
        }

        section.Read.Add(((word.Block, word.Index), file, line));
    }

    internal void Taken(Cpu cpu, Lock target, bool isShared, string file, int line)
    {
        string verb = target switch
        {
            Mutex => "mutex_lock",
            RwSemaphore => isShared ? "down_read" : "down_write",
            RwLock => isShared ? "read_lock" : "write_lock",
            _ => "spin_lock",
        };
        if (!IsUnderTest(file))
        {
            return;
        }

        sites.TryAdd((file, line, MutationKind.Lock), $"{verb}({target.Class.Name})");
        Section section = SectionOf(cpu);
        section.Depth++;
        if (section.Given.Remove(target, out (string File, int Line) given))
        {
            string where = string.Equals(given.File, file, StringComparison.Ordinal) ? "" : Trim(file) + ":";
            relocks.TryAdd(given, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"unlock({target.Class.Name}), taken again at {where}{line}"));
        }
    }

    internal void Given(Cpu cpu, Lock target, string file, int line)
    {
        if (!IsUnderTest(file))
        {
            return;
        }

        Section section = SectionOf(cpu);
        if (--section.Depth > 0)
        {
            section.Given[target] = (file, line);
        }
    }

    private static Mutation New(string file, int line, MutationKind kind, string operation) => new(Trim(file), line, kind, operation);

    private static string Trim(string file) => file.TrimStart('/');

    private bool IsStructure(Word word) => word.Block is not Page && !isData(word.Block.Kind);

    // Without the number of the instance.
    private static string NameOf(Word word)
    {
        string name = word.Block.NameOf(word.Index);
        int end = name.IndexOf('[', StringComparison.Ordinal);
        return (end < 0 ? name : name[..end]).TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
    }

    private bool IsUnderTest(string file)
    {
        if (!files.TryGetValue(file, out bool isCounted))
        {
            files[file] = isCounted = isUnderTest(Trim(file));
        }

        return isCounted;
    }

    // What the CPU did in its present section; a new one begins where it holds nothing.
    private Section SectionOf(Cpu cpu)
    {
        if (!sections.TryGetValue(cpu.Id, out Section? section))
        {
            sections[cpu.Id] = section = new Section();
        }

        if (section.Depth == 0)
        {
            End(section);
        }

        return section;
    }

    private void EndSections()
    {
        foreach (Section section in sections.Values)
        {
            End(section);
        }

        sections.Clear();
    }

    private void End(Section section)
    {
        foreach (((Block, int) word, string file, int line) in section.Read)
        {
            if (section.Written.Contains(word))
            {
                notChecks.Add((file, line));
            }
        }

        notRelocks.UnionWith(section.Given.Values);
        section.Read.Clear();
        section.Written.Clear();
        section.Given.Clear();
    }

    private sealed class Section
    {
        public int Depth { get; set; }

        public List<((Block Block, int Index) Word, string File, int Line)> Read { get; } = [];

        public HashSet<(Block Block, int Index)> Written { get; } = [];

        public Dictionary<Lock, (string File, int Line)> Given { get; } = [];
    }
}
