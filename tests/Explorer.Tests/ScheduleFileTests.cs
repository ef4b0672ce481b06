using System.Text;
using System.Text.Json.Nodes;
using MmuStress.Machine;

namespace MmuStress.Explorer.Tests;

public sealed class ScheduleFileTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("schedules").FullName;

    private string File => Path.Combine(directory, "schedule.json");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Schedule_WrittenAndRead_IsTheSame()
    {
        Schedule schedule = Full();
        ScheduleFile.Write(schedule, File);
        Schedule read = ScheduleFile.Read(File);

        AssertSame(schedule, read);
        Assert.Equal(ScheduleFile.ToText(schedule), ScheduleFile.ToText(read));
        Assert.Equal([File], Directory.GetFiles(directory));
    }

    // A real one: what is read replays and gives the same violation.
    [Fact]
    public void Schedule_OfAFinding_ReplaysAfterReading()
    {
        TestProgram program = Programs.TwoWindows(isMended: false);
        Finding finding = Run.Violates(program, "NotBothWindows");
        Recording recording = Recorder.Record(program, finding, new ExplorationOptions());
        Schedule schedule = Full() with
        {
            Violation = recording.Violation!,
            Steps = recording.Steps,
            Actors = recording.Actors,
            DisabledActors = 0,
            Decisions = recording.Decisions,
            Events = Schedule.EventsOf(recording),
        };
        ScheduleFile.Write(schedule, File);
        Schedule read = ScheduleFile.Read(File);
        Recording again = Recorder.Record(program, read.ToFinding(), new ExplorationOptions(), read.Expected);

        Assert.Equal(finding.Violation, again.Violation);
        Assert.Equal(schedule.Events, Schedule.EventsOf(again));
    }

    [Fact]
    public void Write_OverAFile_ReplacesIt()
    {
        System.IO.File.WriteAllText(File, "something else");
        ScheduleFile.Write(Full(), File);

        AssertSame(Full(), ScheduleFile.Read(File));
    }

    [Fact]
    public void Write_IntoANewDirectory_MakesIt()
    {
        string path = Path.Combine(directory, "a", "b", "schedule.json");
        ScheduleFile.Write(Full(), path);

        AssertSame(Full(), ScheduleFile.Read(path));
    }

    [Fact]
    public void Write_WhereADirectoryIs_LeavesNothingBehind()
    {
        Directory.CreateDirectory(File);
        Assert.ThrowsAny<Exception>(() => ScheduleFile.Write(Full(), File));

        Assert.Empty(Directory.GetFiles(directory));
        Assert.True(Directory.Exists(File));
    }

    [Fact]
    public void Text_OfASchedule_CanBeReadByAPerson() => Golden.Matches("schedule.txt", ScheduleFile.ToText(Full()));

    [Fact]
    public void Name_OfASchedule_IsTheScenarioAndFourDigits()
    {
        Assert.Matches("^fault-vs-invalidate-[0-9a-f]{4}\\.json$", ScheduleFile.NameOf(Full()));
        Assert.NotEqual(ScheduleFile.NameOf(Full()), ScheduleFile.NameOf(Full() with { Seed = 2 }));
    }

    [Fact]
    public void Read_OfAFileThatIsNotThere_IsAnIoException() => Assert.Throws<FileNotFoundException>(() => ScheduleFile.Read(File));

    // All but the last character: it is a line feed, without which the schedule is still whole.
    [Fact]
    public void Read_OfATruncatedFile_IsRefusedAtEveryLength()
    {
        byte[] whole = Encoding.UTF8.GetBytes(ScheduleFile.ToText(Full()));
        for (int length = 0; length < whole.Length - 1; length++)
        {
            AssertRefused(whole[..length], $"truncated to {length} bytes");
        }

        System.IO.File.WriteAllBytes(File, whole[..^1]);
        AssertSame(Full(), ScheduleFile.Read(File));
    }

    // To a letter, to its neighbour, to a digit, to a quote, and to a byte that no UTF-8 has.
    [Theory]
    [InlineData('x')]
    [InlineData('1')]
    [InlineData('"')]
    [InlineData('\u00ff')]
    [InlineData('\0')]
    public void Read_OfAFileWithOneByteChanged_IsRefused(char replacement)
    {
        byte[] whole = Encoding.UTF8.GetBytes(ScheduleFile.ToText(Full()));
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] edited = [.. whole];
            edited[i] = replacement == '\0' ? (byte)(whole[i] ^ 1) : (byte)replacement;
            if (edited[i] != whole[i] && !(IsSpace(edited[i]) && IsSpace(whole[i])))
            {
                AssertRefused(edited, $"byte {i} changed from {(char)whole[i]} to {(char)edited[i]}");
            }
        }

        static bool IsSpace(byte b) => b is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';
    }

    // Without one byte: nothing but white space may go missing.
    [Fact]
    public void Read_OfAFileWithOneByteLess_IsRefused()
    {
        byte[] whole = Encoding.UTF8.GetBytes(ScheduleFile.ToText(Full()));
        for (int i = 0; i < whole.Length; i++)
        {
            System.IO.File.WriteAllBytes(File, [.. whole[..i], .. whole[(i + 1)..]]);
            try
            {
                AssertSame(Full(), ScheduleFile.Read(File));
                Assert.True(whole[i] is (byte)' ' or (byte)'\n', $"byte {i} went missing and nobody noticed");
            }
            catch (ScheduleFormatException)
            {
                // Refused.
            }
        }
    }

    [Fact]
    public void Read_OfAFileWithAFieldChanged_IsRefused()
    {
        JsonObject whole = JsonNode.Parse(ScheduleFile.ToText(Full()))!.AsObject();
        Assert.Equal(19, whole.Count);
        foreach (string name in whole.Select(p => p.Key))
        {
            foreach (JsonNode? other in (JsonNode?[])["edited", 12345, null, new JsonArray("edited"), new JsonObject()])
            {
                JsonObject edited = whole.DeepClone().AsObject();
                edited[name] = other;
                AssertRefused(Encoding.UTF8.GetBytes(edited.ToJsonString()), $"{name} changed to {other}");
            }

            JsonObject shorter = whole.DeepClone().AsObject();
            shorter.Remove(name);
            AssertRefused(Encoding.UTF8.GetBytes(shorter.ToJsonString()), $"{name} removed");
        }

        whole["comment"] = "added";
        AssertRefused(Encoding.UTF8.GetBytes(whole.ToJsonString()), "a field added");
    }

    // Each entry of the lists by itself, events too.
    [Theory]
    [InlineData("events")]
    [InlineData("decisions")]
    [InlineData("actors")]
    [InlineData("leftOut")]
    public void Read_OfAFileWithAnEntryChanged_IsRefused(string list)
    {
        JsonObject whole = JsonNode.Parse(ScheduleFile.ToText(Full()))!.AsObject();
        for (int i = 0; i < whole[list]!.AsArray().Count; i++)
        {
            JsonObject edited = whole.DeepClone().AsObject();
            edited[list]!.AsArray()[i] = "vcpu1 9";
            AssertRefused(Encoding.UTF8.GetBytes(edited.ToJsonString()), $"{list} {i} changed");
            edited = whole.DeepClone().AsObject();
            edited[list]!.AsArray().RemoveAt(i);
            AssertRefused(Encoding.UTF8.GetBytes(edited.ToJsonString()), $"{list} {i} removed");
            edited = whole.DeepClone().AsObject();
            edited[list]!.AsArray().Insert(i, "vcpu0 1");
            AssertRefused(Encoding.UTF8.GetBytes(edited.ToJsonString()), $"{list} {i} inserted");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("17")]
    [InlineData("not JSON")]
    [InlineData("{\"format\":17}")]
    [InlineData("{\"format\":\"mmu-stress schedule\"}")]
    [InlineData("{\"format\":\"mmu-stress schedule\",\"version\":1}")]
    [InlineData("{\"format\":\"mmu-stress schedule\",\"version\":1e99}")]
    [InlineData("{\"format\":\"mmu-stress schedule\",\"format\":\"mmu-stress schedule\"}")]
    [InlineData("{\"format\":\"mmu-stress schedule\",\"version\":1,\"digest\":\"0123456789abcdef\"}")]
    public void Read_OfWhatIsNoSchedule_IsRefused(string text) => AssertRefused(Encoding.UTF8.GetBytes(text), text);

    [Fact]
    public void Read_OfDeepNesting_IsRefused() => AssertRefused(Encoding.UTF8.GetBytes(new string('[', 100_000)), "deep nesting");

    [Fact]
    public void Read_OfAnotherVersion_NamesBoth()
    {
        System.IO.File.WriteAllText(File, ScheduleFile.ToText(Full()).Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal));

        Assert.Equal(
            "it is a schedule of format version 2, this tool reads version 1",
            Assert.Throws<ScheduleFormatException>(() => ScheduleFile.Read(File)).Message);
    }

    [Fact]
    public void Read_OfAnEditedFile_SaysSo()
    {
        System.IO.File.WriteAllText(File, ScheduleFile.ToText(Full()).Replace("vcpu0 2", "vcpu0 3", StringComparison.Ordinal));

        Assert.Equal(
            "it was edited after it was saved: its digest does not match", Assert.Throws<ScheduleFormatException>(() => ScheduleFile.Read(File)).Message);
    }

    private static Schedule Full() => new()
    {
        Tool = "mmu-stress 0.1.0",
        Scenario = "fault-vs-invalidate",
        Parameters = new Dictionary<string, string>(StringComparer.Ordinal) { ["b"] = "4096", ["a"] = "2", ["without"] = "" },
        Mmu = "loongarch-v20",
        Memory = "sc",
        Strategy = "portfolio",
        Seed = ulong.MaxValue,
        Index = 123_456_789_012,
        Violation = new Violation("NoStaleMapping", "gfn 1 <is> \"mapped\" & freed \\ \u00e9\u2192 \ud83d\ude00", "stale"),
        Steps = 6,
        Preemptions = 1,
        StepsBeforeShrinking = 41,
        Actors = ["vcpu0", "vcpu1", "notifier 0"],
        DisabledActors = 0b010,
        Decisions = [0, 0, 258, 2, 2, 0, 256, 2],
        Events =
        [
            "vcpu0 Start => 0", "vcpu0 ReadOnce seq => 0  at Mmu/Fault.cs:88", "choice 2", "notifier 0 Start => 0",
            "notifier 0 WriteOnce seq => 1  at Mmu/Host.cs:5", "vcpu0 Lock mmu_lock[0] => 0  at Mmu/Fault.cs:91", "choice 0",
            "notifier 0 CondResched => 0",
        ],
    };

    private static void AssertSame(Schedule expected, Schedule actual)
    {
        Assert.Equal(expected.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal), actual.Parameters.OrderBy(p => p.Key, StringComparer.Ordinal));
        Assert.Equal(expected.Actors, actual.Actors);
        Assert.Equal(expected.Decisions, actual.Decisions);
        Assert.Equal(expected.Events, actual.Events);
        Assert.Equal(
            expected,
            actual with { Parameters = expected.Parameters, Actors = expected.Actors, Decisions = expected.Decisions, Events = expected.Events });
    }

    private void AssertRefused(byte[] content, string why)
    {
        System.IO.File.WriteAllBytes(File, content);
        Exception? thrown = Record.Exception(() => ScheduleFile.Read(File));
        Assert.True(thrown is ScheduleFormatException, $"{why}: {thrown?.ToString() ?? "it was read"}");
        Assert.DoesNotContain('\n', thrown!.Message);
    }
}
