using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MmuStress.Bench;

/// <summary>Recordings, one after another again and again, each time later: a trace of any length that no disk holds.</summary>
internal sealed partial class RepeatedTrace : Stream
{
    private const long MicrosecondsBetween = 100_000;
    private const long EventsBetween = 100;
    private readonly List<(string Before, long Time, bool IsCounted, string After)> lines = [];
    private readonly long period;
    private readonly long wanted;
    private readonly StringBuilder text = new();
    private byte[] chunk = [];
    private int at;
    private long produced;

    /// <summary>Reads the recordings, as <c>trace</c> of tracefs prints them.</summary>
    /// <param name="files">Their paths.</param>
    /// <param name="wanted">How many lines there are to be, at least.</param>
    public RepeatedTrace(IEnumerable<string> files, long wanted)
    {
        this.wanted = wanted;
        foreach (string file in files)
        {
            long first = -1;
            long last = 0;
            bool isCounted = false;
            foreach (Match m in File.ReadLines(file).Select(l => Timestamp().Match(l)).Where(m => m.Success))
            {
                isCounted = !m.Groups[3].Success;
                long time = long.Parse(m.Groups[2].Value + m.Groups[3].Value, CultureInfo.InvariantCulture);
                first = first < 0 ? time : first;
                last = time - first;
                lines.Add((m.Groups[1].Value, period + last, isCounted, m.Groups[4].Value));
            }

            period += last + (isCounted ? EventsBetween : MicrosecondsBetween);
        }

        if (lines.Count == 0)
        {
            throw new ArgumentException("there is no event in these recordings", nameof(files));
        }
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        if (at == chunk.Length)
        {
            if (produced >= wanted)
            {
                return 0;
            }

            long shift = (1 + (produced / lines.Count)) * period;
            text.Clear();
            foreach ((string before, long time, bool isCounted, string after) in lines)
            {
                long now = time + shift;
                text.Append(before);
                _ = isCounted ? text.Append(now) : text.Append(CultureInfo.InvariantCulture, $"{now / 1_000_000}.{now % 1_000_000:000000}");
                text.Append(after).Append('\n');
            }

            chunk = Encoding.Latin1.GetBytes(text.ToString());
            at = 0;
            produced += lines.Count;
        }

        int taken = Math.Min(count, chunk.Length - at);
        chunk.AsSpan(at, taken).CopyTo(buffer.AsSpan(offset));
        at += taken;
        return taken;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    [GeneratedRegex(@"^(.*?\] \S+ +)(\d+)(?:\.(\d{6}))?(: .*)$")]
    private static partial Regex Timestamp();
}
