using MmuStress.Mmu;

namespace MmuStress.Scenarios.Tests;

/// <summary>Scenario files as they are written: what was written is read, and is the same text again.</summary>
public class ScenarioFileWriterTests
{
    private static readonly ScenarioFile Everything = new()
    {
        Name = "everything",
        Summary = "all there is, \"quoted\" and été",
        Source = "a.trace lines 120 to 141",
        Windows = 17,
        Backing = "shmem",
        Slots = [new(0, 1, 4, 1, MemslotFlags.LogDirtyPages | MemslotFlags.ReadOnly), new(3, 8, 2, 20)],
        Untouched = [new(3), new(20, 2)],
        Mapped = [new(1, 2), new(8, 1, Write: true)],
        Actors =
        [
            new("vcpu0", "vcpu", [new("read") { Gfn = 1 }, new("faultWrite") { Gfn = 9 }]),
            new("mut0", "host", [new("unmap") { Page = 1, Pages = 2 }, new("migrate") { Page = 2 }, new("mremap") { Page = 1, Pages = 2, To = 30 }, new("merge") { Page = 3, With = 4 }]),
            new("main", "memslots", [new("deleteSlot") { Slot = 3 }, new("createSlot") { Slot = 3, Gfn = 8, Pages = 2, Page = 20, Flags = MemslotFlags.LogDirtyPages }, new("setFlags") { Slot = 3, Flags = MemslotFlags.None }]),
            new("log", "dirtyLog", [new("getDirtyLog") { Slot = 0 }]),
        ],
        Invariants = ["NoStaleMapping", "NoStaleTlb"],
    };

    [Fact]
    public void ToText_OfEverything_IsReadAsTheSame()
    {
        string text = ScenarioFileWriter.ToText(Everything);
        ScenarioFile read = ScenarioFileReader.Parse(text, "x");
        Assert.Equal(text, ScenarioFileWriter.ToText(read));
        Assert.Equal(Everything.Slots, read.Slots);
        Assert.Equal(Everything.Untouched, read.Untouched);
        Assert.Equal(Everything.Mapped, read.Mapped);
        Assert.Equal(Everything.Actors.SelectMany(a => a.Does), read.Actors.SelectMany(a => a.Does));
        Assert.Equal(Everything.Actors.Select(a => (a.Name, a.Kind)), read.Actors.Select(a => (a.Name, a.Kind)));
        Assert.Equal((Everything.Name, Everything.Summary, Everything.Source, Everything.Windows, Everything.Backing), (read.Name, read.Summary, read.Source, read.Windows, read.Backing));
        Assert.Equal(Everything.Invariants, read.Invariants);
    }

    [Fact]
    public void ToText_OfAFewThings_IsAsAPersonWouldWriteIt()
    {
        var file = new ScenarioFile
        {
            Name = "fault-vs-unmap",
            Slots = [new(0, 1, 4, 1)],
            Mapped = [new(2)],
            Actors = [new("vcpu0", "vcpu", [new("read") { Gfn = 1 }, new("write") { Gfn = 1 }]), new("mut0", "host", [new("unmap") { Page = 1, Pages = 2 }])],
        };
        const string Expected = """
            {
              "format": "mmu-stress scenario",
              "version": 1,
              "name": "fault-vs-unmap",
              "slots": [
                { "slot": 0, "gfn": 1, "pages": 4, "page": 1 }
              ],
              "mapped": [
                { "gfn": 2, "pages": 1, "write": false }
              ],
              "actors": [
                { "name": "vcpu0", "kind": "vcpu", "does": [
                  { "do": "read", "gfn": 1 },
                  { "do": "write", "gfn": 1 }
                ] },
                { "name": "mut0", "kind": "host", "does": [
                  { "do": "unmap", "page": 1, "pages": 2 }
                ] }
              ]
            }

            """;
        Assert.Equal(Expected, ScenarioFileWriter.ToText(file));
    }

    [Fact]
    public void ToText_OfWhatMakesNoSense_IsRefused()
    {
        ScenarioFile wrong = Everything with { Actors = [new("v", "vcpu", [new("read") { Gfn = 7 }])] };
        Assert.Equal("actors[0].does[0]: gfn 7 is in no slot", Assert.Throws<ScenarioFileException>(() => ScenarioFileWriter.ToText(wrong)).Message);
        wrong = Everything with { Actors = [new("v", "vcpu", [new("read")])] };
        Assert.Equal("actors[0].does[0]: 'gfn' is missing", Assert.Throws<ScenarioFileException>(() => ScenarioFileWriter.ToText(wrong)).Message);
        wrong = Everything with { Actors = [new("v", "vcpu", [new("read") { Gfn = 1, Page = 1 }])] };
        Assert.Equal("actors[0].does[0]: read takes no 'page'", Assert.Throws<ScenarioFileException>(() => ScenarioFileWriter.ToText(wrong)).Message);
        wrong = Everything with { Actors = [new("v", "cpu", [new("read") { Gfn = 1 }])] };
        Assert.Equal("actors[0].does[0]: unknown operation 'read' (cpu actors have: )", Assert.Throws<ScenarioFileException>(() => ScenarioFileWriter.ToText(wrong)).Message);
    }

    [Fact]
    public void Write_ToAFolderThatIsNotThere_MakesIt()
    {
        using var temporary = new TemporaryFolder();
        string folder = temporary.Path;
        string path = Path.Combine(folder, "new", "x.scenario.json");
        ScenarioFileWriter.Write(Everything, path);
        Assert.Equal("everything", ScenarioFileReader.Read(path).Name);
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
    }
}
