using System.Buffers;
using System.Runtime.InteropServices;
using System.Threading;

namespace MmuStress.Traces;

/// <summary>Reads ftrace text in one pass: memory does not grow with the file.</summary>
/// <remarks>
/// Differs: what the VMs hold grows with their threads and with the SPTEs that are present, up to a limit.
/// </remarks>
public sealed class TraceReader
{
    private const int BufferBytes = 1 << 20;
    private const int LongestLine = 1 << 16;
    private const int LinesBetweenLooks = 1 << 12;

    // From how far back the next recording begins, in nanoseconds and in numbers of events.
    private const long StartedOver = 1_000_000_000;
    private const long CountedOver = 100;
    private static readonly SearchValues<byte> ControlBytes = SearchValues.Create("\0\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b"u8);
    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);
    private readonly EventNames names = new();
    private readonly Findings findings = new();
    private readonly VmTable vms;
    private readonly int[] shortest = new int[(int)KvmEvent.SwapMemslots + 1];
    private long line;
    private long bytes;
    private long events;
    private long unknown;
    private long kvmEvents;
    private long lost;
    private long gaps;
    private long newest;
    private bool isCounted;
    private readonly Dictionary<int, long> lastOfCpu = [];

    private readonly WindowCollection? windows;

    /// <summary>A reader for one file.</summary>
    /// <param name="windows">Takes the windows around what overlaps; null where nobody wants them.</param>
    public TraceReader(WindowCollection? windows = null)
    {
        this.windows = windows;
        windows?.NextTrace();
        vms = new VmTable(findings, new Explainer(), windows);
    }

    /// <summary>How many lines were read; from any thread.</summary>
    public long Lines => Volatile.Read(ref line);

    /// <summary>How many bytes were read; from any thread.</summary>
    public long Bytes => Volatile.Read(ref bytes);

    /// <summary>Reads it all.</summary>
    /// <param name="stream">The text.</param>
    /// <param name="cancellation">Ends the reading early: what was read so far is summed up.</param>
    /// <returns>What it holds.</returns>
    /// <exception cref="TraceFormatException">It is no trace, or a line is not whole.</exception>
    public TraceSummary Read(Stream stream, CancellationToken cancellation)
    {
        byte[] buffer = new byte[BufferBytes];
        int held = 0;
        while (!cancellation.IsCancellationRequested)
        {
            int read = stream.Read(buffer, held, buffer.Length - held);
            if (read == 0)
            {
                break;
            }

            held += read;
            Volatile.Write(ref bytes, bytes + read);
            int used = TakeLines(buffer.AsSpan(0, held), cancellation);
            held -= used;
            buffer.AsSpan(used, held).CopyTo(buffer);
            if (held > LongestLine && !cancellation.IsCancellationRequested)
            {
                throw new TraceFormatException(IsBinary(buffer.AsSpan(0, held)) ? Binary() : $"line {line + 1} has more than {LongestLine} bytes: this is no trace");
            }
        }

        if (held > 0 && !cancellation.IsCancellationRequested)
        {
            line++;
            Take(buffer.AsSpan(0, held).TrimEnd((byte)'\r'), isLast: true);
        }

        if (!cancellation.IsCancellationRequested && kvmEvents == 0)
        {
            throw new TraceFormatException(bytes == 0 ? "the file is empty" : $"there is no event of KVM in {line} line{(line == 1 ? "" : "s")}");
        }

        vms.FinishAll();
        return Sum(cancellation.IsCancellationRequested);
    }

    private static bool IsBinary(ReadOnlySpan<byte> text) => text.ContainsAny(ControlBytes);

    private string Binary() => $"line {line + 1} is binary: of a trace.dat or perf.data, give what 'trace-cmd report' or 'perf script' prints";

    private int TakeLines(ReadOnlySpan<byte> text, CancellationToken cancellation)
    {
        int at = 0;
        while (true)
        {
            int length = text[at..].IndexOf((byte)'\n');
            if (length < 0 || ((line & (LinesBetweenLooks - 1)) == 0 && cancellation.IsCancellationRequested))
            {
                return at;
            }

            ReadOnlySpan<byte> one = text.Slice(at, length);
            Volatile.Write(ref line, line + 1);
            Take(one.Length > 0 && one[^1] == '\r' ? one[..^1] : one, isLast: false);
            at += length + 1;
        }
    }

    private void Take(ReadOnlySpan<byte> text, bool isLast)
    {
        if (text.IsEmpty || text[0] == '#')
        {
            TakeComment(text);
            return;
        }

        ParsedLine parsed = default;
        if (!LineParser.TryParse(text, ref parsed))
        {
            TakeOther(text);
            return;
        }

        events++;
        isCounted |= !parsed.HasFraction;
        if (parsed.Time < (parsed.HasFraction ? newest - StartedOver : (newest / 2) - CountedOver))
        {
            StartOver();
        }

        newest = Math.Max(newest, parsed.Time);
        CollectionsMarshal.GetValueRefOrAddDefault(lastOfCpu, parsed.Cpu, out _) = line;
        var record = new TraceRecord { Line = line, Time = parsed.Time, Pid = parsed.Pid, Tgid = parsed.Tgid, Kind = names.KindOf(parsed.Name) };
        if (record.Kind == KvmEvent.Unknown)
        {
            unknown++;
            return;
        }

        // The last line may have been cut without a sign of it: then it is shorter than any other of its event.
        if (!RecordDecoder.TryDecode(parsed.Text, ref record) || (isLast && parsed.Text.Length < shortest[(int)record.Kind]))
        {
            throw Broken(parsed.Name);
        }

        ref int length = ref shortest[(int)record.Kind];
        length = length == 0 ? parsed.Text.Length : Math.Min(length, parsed.Text.Length);
        Take(ref parsed, record);
    }

    private void Take(ref ParsedLine parsed, in TraceRecord record)
    {
        ThreadState thread = vms.ThreadOf(parsed);
        if (record.Kind == KvmEvent.Marker)
        {
            int colon = parsed.Text.IndexOf("tracing_mark_write: "u8);
            ReadOnlySpan<byte> text = colon >= 0 ? parsed.Text[(colon + "tracing_mark_write: "u8.Length)..] : parsed.Text;
            if (text.IndexOf(" begin set_user_memory_region "u8) >= 0)
            {
                thread.SlotMarker = SlotMarker.Parse(text);
            }

            ActKind begun = windows is null ? ActKind.None : OperationMarker.Parse(text);
            thread.Operation = begun == ActKind.None ? thread.Operation : begun;
            VmState? vm = text.StartsWith("op="u8) ? vms.OfMarker(thread, record) : thread.Vm;
            vm?.Mark(thread, record.Line, record.Time, text);
            if (text.IndexOf(" end "u8) >= 0)
            {
                thread.Operation = ActKind.None;
            }
        }
        else
        {
            kvmEvents++;
            vms.VmOf(thread, record).Take(thread, record);
        }

        thread.Last = record.Kind;
    }

    private TraceFormatException Broken(ReadOnlySpan<byte> name) => new($"line {line} is cut short: {System.Text.Encoding.Latin1.GetString(name)} has not all its fields");

    // Another recording begins.
    private void StartOver()
    {
        vms.FinishAll();
        newest = 0;
        findings.BeginningIsLost = false;
        lastOfCpu.Clear();
    }

    private void TakeComment(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith("# tracer:"u8) && kvmEvents > 0)
        {
            StartOver();
        }

        // "# entries-in-buffer/entries-written: 2053/2453": the rest, at the beginning, was overwritten.
        if (Fields.TryDecimal(text, "entries-in-buffer/entries-written: "u8, out ulong held) && text.LastIndexOf((byte)'/') is int slash
            && Fields.TryDecimal(text[slash..], "/"u8, out ulong written) && written > held)
        {
            lost += (long)(written - held);
            gaps++;
            findings.BeginningIsLost = true;
        }

        // "##### CPU 2 buffer started ####": that CPU's events before it were overwritten.
        if (text.IndexOf(" buffer started "u8) >= 0 && kvmEvents > 0)
        {
            Lose(0, Fields.TryDecimal(text, "CPU "u8, out ulong cpu) ? (int)cpu : null);
        }
    }

    private void TakeOther(ReadOnlySpan<byte> text)
    {
        int lostAt = text.IndexOf("[LOST "u8);
        int dropped = text.IndexOf(" EVENTS DROPPED]"u8);
        int perf = text.IndexOf("PERF_RECORD_LOST"u8);
        if (lostAt >= 0 && Fields.TryDecimal(text, "LOST "u8, out ulong count))
        {
            Lose((long)count, CpuOf(text));
        }
        else if (lostAt >= 0 || dropped >= 0 || text.IndexOf("[EVENTS DROPPED]"u8) >= 0)
        {
            int open = text.IndexOf((byte)'[');
            Lose(Fields.TryDecimal(text[open..], "["u8, out count) ? (long)count : 0, CpuOf(text));
        }
        else if (perf >= 0)
        {
            Lose(Fields.TryDecimal(text, "lost "u8, out count) ? (long)count : 0, null);
        }
        else if (!IsHeader(text))
        {
            throw IsBinary(text) ? new TraceFormatException(Binary().Replace($"line {line + 1}", $"line {line}", StringComparison.Ordinal))
                : new TraceFormatException($"line {line} is no line of a trace, or cut short");
        }
    }

    // What trace-cmd and perf print around events: "cpus=4", "CPU 3 is empty", call chains.
    private static bool IsHeader(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> trimmed = text.Trim((byte)' ').Trim((byte)'\t');
        if (trimmed.IsEmpty || trimmed.StartsWith("cpus="u8) || trimmed.StartsWith("version ="u8) || (trimmed.StartsWith("CPU "u8) && trimmed.EndsWith(" is empty"u8)))
        {
            return true;
        }

        int address = trimmed.IndexOf((byte)' ');
        return text[0] is (byte)' ' or (byte)'\t' && address >= 8 && trimmed[..address].IndexOfAnyExcept(HexDigits) < 0;
    }

    // "CPU:1 [LOST 3 EVENTS]"; null where it is not said.
    private static int? CpuOf(ReadOnlySpan<byte> text) => Fields.TryDecimal(text, "CPU:"u8, out ulong cpu) ? (int)cpu : null;

    // What was lost is missing from the CPU's last line on; that it was is said at its next one.
    private void Lose(long count, int? cpu)
    {
        lost += Math.Max(count, 1);
        gaps++;
        long since = cpu is { } known ? lastOfCpu.GetValueOrDefault(known) : lastOfCpu.Count == 0 ? 0 : lastOfCpu.Values.Min();
        vms.Forget(since);
    }

    private TraceSummary Sum(bool isInterrupted) => new()
    {
        Lines = line,
        Events = events,
        Unknown = unknown,
        UnknownNames = names.Unknown,
        Lost = lost,
        Gaps = gaps,
        IsCounted = isCounted,
        HasProbes = findings.SeesProtocol,
        VmCount = vms.VmCount,
        Vms = vms.Finished,
        Vcpus = vms.Vcpus,
        Total = vms.Total,
        Verdict = findings.First is not null ? TraceVerdict.NotExplained : isInterrupted || findings.FirstUndecided is not null ? TraceVerdict.Undecided : TraceVerdict.Explained,
        FirstUndecided = findings.FirstUndecided,
        EpisodesSearched = findings.EpisodesSearched,
        First = findings.First,
        UnexplainedCount = findings.Count,
        Races = findings.Races,
        IsInterrupted = isInterrupted,
    };
}
