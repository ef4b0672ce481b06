namespace MmuStress.Scenarios.Tests;

/// <summary>Scenario files as they are read: whatever is wrong is said in one line that names the file and the place.</summary>
public class ScenarioFileReaderTests
{
    private const string Head = """{"format":"mmu-stress scenario","version":1,""";
    private const string Slots = """ "slots":[{"slot":0,"gfn":1,"pages":4}],""";
    private const string Actors = """ "actors":[{"name":"vcpu0","kind":"vcpu","does":[{"do":"read","gfn":1}]}]""";

    /// <summary>What is wrong with a file as a whole, or with its JSON.</summary>
    public static TheoryData<string, string> Whole { get; } = new()
    {
        { "", "it is empty" },
        { " \n\t", "it is empty" },
        { "{", "line 1: it is not JSON: Expected depth to be zero at the end of the JSON payload. There is an open JSON object or array that should be closed" },
        { "{\n\"format\": x }", "line 2: it is not JSON: 'x' is an invalid start of a value" },
        { "{ \"a\": 1, }", "line 1: it is not JSON: The JSON object contains a trailing comma at the end which is not supported in this mode" },
        { "[1]", "must be an object, not a list" },
        { "7", "must be an object, not '7'" },
        { "{}", "it is not a scenario file: its 'format' is not 'mmu-stress scenario'" },
        { """{"format":"mmu-stress schedule"}""", "it is not a scenario file: its 'format' is not 'mmu-stress scenario'" },
        { """{"format":7}""", "format: must be text, not '7'" },
        { """{"format":"mmu-stress scenario"}""", "'version' is missing" },
        { """{"format":"mmu-stress scenario","version":2,"what":0}""", "it is of format version 2, this tool reads version 1" },
        { """{"format":"mmu-stress scenario","version":"1"}""", "version: must be a whole number from 1 to 4294967295, not '1'" },
        { Head + """ "slotz":[]}""", "unknown key 'slotz' (there are: format, version, name, summary, source, windows, backing, slots, untouched, mapped, actors, invariants)" },
        { Head + """ "version":1}""", "'version' is given twice" },
        { Head + """ "name":"a\ud800"}""", "it has text that is not Unicode" },
        { Head + Actors + "}", "'slots' is missing" },
        { Head + """ "slots":[{"slot":0,"gfn":1,"pages":4}]}""", "'actors' is missing" },
    };

    /// <summary>What is wrong with the parts of a file, told by the rest of it after format and version.</summary>
    public static TheoryData<string, string> Parts { get; } = new()
    {
        { """ "name":"A b",""" + Slots + Actors, "name: must be small letters, digits and dashes, at most 80, not 'A b'" },
        { """ "name":"",""" + Slots + Actors, "name: must be small letters, digits and dashes, at most 80, not ''" },
        { """ "summary":"a\nb",""" + Slots + Actors, """summary: must be one line without control characters, not 'a\u000ab'""" },
        { """ "windows":0,""" + Slots + Actors, "windows: must be a whole number from 1 to 4294967295, not '0'" },
        { """ "backing":"hugetlb",""" + Slots + Actors, "backing: unknown backing 'hugetlb' (there are: anonymous, anonymous_thp, shmem)" },
        { """ "slots":{},""" + Actors, "slots: must be a list, not an object" },
        { """ "slots":[],""" + Actors, "slots: there must be 1 to 1024, not 0" },
        { """ "slots":[3],""" + Actors, "slots[0]: must be an object, not '3'" },
        { """ "slots":[{"slot":0,"gfn":1}],""" + Actors, "slots[0]: 'pages' is missing" },
        { """ "slots":[{"slot":0,"gfn":1,"pages":0}],""" + Actors, "slots[0].pages: must be a whole number from 1 to 1048576, not '0'" },
        { """ "slots":[{"slot":0,"gfn":-1,"pages":1}],""" + Actors, "slots[0].gfn: must be a whole number from 0 to 1048575, not '-1'" },
        { """ "slots":[{"slot":0,"gfn":1.5,"pages":1}],""" + Actors, "slots[0].gfn: must be a whole number from 0 to 1048575, not '1.5'" },
        { """ "slots":[{"slot":0,"gfn":"1","pages":1}],""" + Actors, "slots[0].gfn: must be a whole number from 0 to 1048575, not '1'" },
        { """ "slots":[{"slot":0,"gfn":99999999999999999999999,"pages":1}],""" + Actors, "slots[0].gfn: must be a whole number from 0 to 1048575, not '99999999999999999999999'" },
        { """ "slots":[{"slot":32767,"gfn":1,"pages":1}],""" + Actors, "slots[0].slot: must be a whole number from 0 to 32766, not '32767'" },
        { """ "slots":[{"slot":0,"gfn":1048575,"pages":2}],""" + Actors, "slots[0]: gfns 1048575 to 1048576 must be within 0 to 1048575" },
        { """ "slots":[{"slot":0,"gfn":1,"pages":4,"page":1048574}],""" + Actors, "slots[0]: pages 1048574 to 1048577 must be within 0 to 1048575" },
        { """ "slots":[{"slot":0,"gfn":1,"pages":4,"gnf":1}],""" + Actors, "slots[0]: unknown key 'gnf' (there are: slot, gfn, pages, page, flags)" },
        { """ "slots":[{"slot":0,"gfn":1,"gfn":2,"pages":4}],""" + Actors, "slots[0]: 'gfn' is given twice" },
        { """ "slots":[{"slot":0,"gfn":1,"pages":4,"flags":"readonly"}],""" + Actors, "slots[0].flags: must be a list, not 'readonly'" },
        { """ "slots":[{"slot":0,"gfn":1,"pages":4,"flags":["ro"]}],""" + Actors, "slots[0].flags[0]: unknown flag 'ro' (there are: logDirtyPages, readonly)" },
        { """ "slots":[{"slot":0,"gfn":1,"pages":6},{"slot":1,"gfn":3,"pages":4}],""" + Actors, "slots[1]: gfns 3 to 6 overlap those of slot 0" },
        { """ "slots":[{"slot":0,"gfn":1,"pages":6},{"slot":1,"gfn":6,"pages":1}],""" + Actors, "slots[1]: gfn 6 overlaps those of slot 0" },
        { """ "slots":[{"slot":0,"gfn":1,"pages":1},{"slot":0,"gfn":3,"pages":4}],""" + Actors, "slots[1]: slot 0 exists already" },
        { Slots + """ "untouched":[{"page":9}],""" + Actors, "untouched[0]: page 9 is in no slot" },
        { Slots + """ "untouched":[{"page":2,"pages":9}],""" + Actors, "untouched[0]: page 5 is in no slot" },
        { Slots + """ "mapped":[{"gfn":0}],""" + Actors, "mapped[0]: gfn 0 is in no slot" },
        { Slots + """ "mapped":[{"gfn":1,"write":1}],""" + Actors, "mapped[0].write: must be true or false, not '1'" },
        { """ "slots":[{"slot":0,"gfn":1,"pages":4,"flags":["readonly"]}],"mapped":[{"gfn":1,"write":true}],""" + Actors, "mapped[0]: slot 0 is readonly, so nothing in it is mapped for writes" },
        { Slots + """ "actors":[]""", "actors: there must be 1 to 4096, not 0" },
        { Slots + """ "actors":[{"name":"x","kind":"gpu","does":[]}]""", "actors[0]: unknown kind 'gpu' (there are: vcpu, host, memslots, dirtyLog)" },
        { Slots + """ "actors":[{"name":"x","does":[]}]""", "actors[0]: 'kind' is missing" },
        { Slots + """ "actors":[{"name":"x","kind":"vcpu","does":[]}]""", "actors[0].does: there must be at least one operation" },
        { Slots + """ "actors":[{"name":"X y","kind":"vcpu","does":[{"do":"read","gfn":1}]}]""", "actors[0].name: must be small letters, digits, dashes and underscores, at most 80, and not 'choice', not 'X y'" },
        { Slots + """ "actors":[{"name":"choice","kind":"vcpu","does":[{"do":"read","gfn":1}]}]""", "actors[0].name: must be small letters, digits, dashes and underscores, at most 80, and not 'choice', not 'choice'" },
        { Slots + """ "actors":[{"name":"x","kind":"vcpu","does":[{"do":"read","gfn":1}]},{"name":"x","kind":"host","does":[{"do":"age","page":1}]}]""", "actors[1].name: there are two actors called 'x'" },
        { Slots + """ "actors":[{"name":"x","kind":"memslots","does":[{"do":"deleteSlot","slot":0}]},{"name":"y","kind":"memslots","does":[{"do":"deleteSlot","slot":0}]}]""", "actors[1].kind: there is one actor for memslots already, 'x'" },
    };

    /// <summary>What is wrong with operations: the kind of actor, the operations, the message after "actors[0].does".</summary>
    public static TheoryData<string, string, string> Operations { get; } = new()
    {
        { "vcpu", "{}", "[0]: 'do' is missing" },
        { "vcpu", "3", "[0]: must be an object, not '3'" },
        { "vcpu", """{"do":7}""", "[0].do: must be text, not '7'" },
        { "host", """{"do":"unmapp","page":1}""", "[0]: unknown operation 'unmapp' (host actors have: unmap, munmap, mmap, protect, protectNone, unprotect, mremap, fork, write, merge, migrate, age, clearYoung, testYoung, collapse, split)" },
        { "vcpu", """{"do":"unmap","page":1}""", "[0]: unknown operation 'unmap' (vcpu actors have: read, write, faultRead, faultWrite)" },
        { "memslots", """{"do":"read","gfn":1}""", "[0]: unknown operation 'read' (memslots actors have: createSlot, deleteSlot, moveSlot, setFlags)" },
        { "dirtyLog", """{"do":"read","gfn":1}""", "[0]: unknown operation 'read' (dirtyLog actors have: getDirtyLog, clearDirtyLog)" },
        { "vcpu", """{"do":"read","gfn":1},{"do":"write"}""", "[1]: 'gfn' is missing" },
        { "vcpu", """{"do":"read","gnf":1}""", "[0]: unknown key 'gnf' (there are: do, gfn)" },
        { "vcpu", """{"do":"read","gfn":1,"pages":2}""", "[0]: unknown key 'pages' (there are: do, gfn)" },
        { "vcpu", """{"do":"read","gfn":1},{"do":"read","gfn":4},{"do":"read","gfn":9}""", "[2]: gfn 9 is in no slot" },
        { "host", """{"do":"unmap","page":4,"pages":2}""", "[0]: page 5 is in no slot" },
        { "host", """{"do":"unmap","page":1,"pages":0}""", "[0].pages: must be a whole number from 1 to 1048576, not '0'" },
        { "host", """{"do":"unmap","page":1048575,"pages":1048576}""", "[0]: pages 1048575 to 2097150 must be within 0 to 1048575" },
        { "host", """{"do":"mremap","page":1,"pages":2,"to":2}""", "[0]: pages 1 to 2 and the new place overlap" },
        { "host", """{"do":"mremap","page":1,"pages":2}""", "[0]: 'to' is missing" },
        { "host", """{"do":"mremap","page":1,"pages":2,"to":1048575}""", "[0]: pages 1048575 to 1048576 must be within 0 to 1048575" },
        { "host", """{"do":"merge","page":1}""", "[0]: 'with' is missing" },
        { "host", """{"do":"merge","page":1,"with":1}""", "[0]: page 1 cannot be merged with itself" },
        { "host", """{"do":"merge","page":1,"with":9}""", "[0]: page 9 is in no slot" },
        { "memslots", """{"do":"createSlot","slot":1,"gfn":9,"pages":1}""", "[0]: 'page' is missing" },
        { "memslots", """{"do":"createSlot","slot":0,"gfn":9,"pages":1,"page":9}""", "[0]: slot 0 exists already" },
        { "memslots", """{"do":"createSlot","slot":1,"gfn":4,"pages":1,"page":9}""", "[0]: gfn 4 overlaps those of slot 0" },
        { "memslots", """{"do":"createSlot","slot":1,"gfn":1048575,"pages":2,"page":9}""", "[0]: gfns 1048575 to 1048576 must be within 0 to 1048575" },
        { "memslots", """{"do":"deleteSlot","slot":0},{"do":"deleteSlot","slot":0}""", "[1]: there is no slot 0 by then" },
        { "memslots", """{"do":"deleteSlot","slot":0},{"do":"moveSlot","slot":0,"gfn":5}""", "[1]: there is no slot 0 by then" },
        { "memslots", """{"do":"createSlot","slot":1,"gfn":9,"pages":2,"page":9},{"do":"moveSlot","slot":0,"gfn":6}""", "[1]: gfns 6 to 9 overlap those of slot 1" },
        { "memslots", """{"do":"setFlags","slot":1,"flags":[]}""", "[0]: there is no slot 1 by then" },
        { "memslots", """{"do":"setFlags","slot":0}""", "[0]: 'flags' is missing" },
        { "memslots", """{"do":"setFlags","slot":0,"flags":["readonly"]}""", "[0]: KVM cannot change whether a slot is readonly" },
        { "dirtyLog", """{"do":"getDirtyLog","slot":0}""", "[0]: slot 0 never has the flag logDirtyPages" },
    };

    [Theory]
    [MemberData(nameof(Whole))]
    public void Parse_WhatIsNoScenarioFile_SaysSo(string text, string problem) => Refused(text, problem);

    [Theory]
    [MemberData(nameof(Parts))]
    public void Parse_AWrongPart_NamesThePlace(string rest, string problem) => Refused(Head + rest + "}", problem);

    [Theory]
    [MemberData(nameof(Operations))]
    public void Parse_AWrongOperation_NamesThePlace(string kind, string operations, string problem) =>
        Refused(Head + Slots + $$""" "actors":[{"name":"a","kind":"{{kind}}","does":[{{operations}}]}]}""", "actors[0].does" + problem);

    [Fact]
    public void Parse_UnknownInvariant_NamesThoseThereAre()
    {
        Refused(Head + Slots + """ "invariants":["NoStaleMapping","NoBugs"],""" + Actors + "}", "invariants[1]: unknown invariant 'NoBugs' (there are: " + string.Join(", ", ScenarioFileInvariants.All) + ")");
        Refused(Head + Slots + """ "invariants":["NoStaleMapping","NoStaleMapping"],""" + Actors + "}", "invariants[1]: 'NoStaleMapping' is given twice");
    }

    [Fact]
    public void Parse_StrictInvariantWithTwoHarvesters_IsRefused() =>
        Refused(
            Head + """ "slots":[{"slot":0,"gfn":1,"pages":4,"flags":["logDirtyPages"]}],"invariants":["DirtyLogCompleteStrict"],"actors":[{"name":"a","kind":"dirtyLog","does":[{"do":"getDirtyLog","slot":0}]},{"name":"b","kind":"dirtyLog","does":[{"do":"getDirtyLog","slot":0}]}]}""",
            "invariants[0]: DirtyLogCompleteStrict is for one dirtyLog actor, as what one has harvested the other does not find");

    [Fact]
    public void Parse_TooMuch_IsRefused()
    {
        string tooMany = string.Join(',', Enumerable.Range(0, 1025).Select(i => $$"""{"slot":{{i}},"gfn":{{i}},"pages":1}"""));
        Refused(Head + $$""" "slots":[{{tooMany}}],""" + Actors + "}", "slots: there must be 1 to 1024, not 1025");
        string tooLong = string.Join(',', Enumerable.Repeat("""{"do":"read","gfn":1}""", 10_001));
        Refused(Head + Slots + $$""" "actors":[{"name":"v","kind":"vcpu","does":[{{tooLong}}]}]}""", "actors: there must be at most 10000 operations altogether, not 10001");
        string again = string.Join(',', Enumerable.Repeat("""{"gfn":1,"pages":1048576}""", 2));
        Refused(Head + Slots + $$""" "mapped":[{{again}}],""" + Actors + "}", "mapped: there must be at most 1048576 pages altogether");
        string vast = string.Join(',', Enumerable.Repeat("""{"do":"unmap","page":0,"pages":1048576}""", 5));
        Refused(Head + $$""" "slots":[{"slot":0,"gfn":0,"pages":1048576}],"actors":[{"name":"h","kind":"host","does":[{{vast}}]}]}""", "actors: there must be at most 4194304 pages altogether");
        string creations = string.Join(',', Enumerable.Range(1, 1024).Select(i => $$"""{"do":"createSlot","slot":{{i}},"gfn":{{i + 10}},"pages":1,"page":1}"""));
        Refused(Head + Slots + $$""" "actors":[{"name":"m","kind":"memslots","does":[{{creations}}]}]}""", "actors[0].does[1023]: there are 1024 slots already");
    }

    // What is invisible, or turns the rest of a line around, is shown by its number.
    [Fact]
    public void Parse_InvisibleLetters_AreQuotedByNumber() =>
        Refused(Head + Slots + " \"backing\":\"a\u202eb\u200b\u2028c\"," + Actors + "}", @"backing: unknown backing 'a\u202eb\u200b\u2028c' (there are: anonymous, anonymous_thp, shmem)");

    // As much as there may be, on memory in as many parts as there may be.
    [Fact]
    public void Parse_OperationsOverManySlots_AreAccepted()
    {
        string slots = string.Join(',', Enumerable.Range(0, 1024).Select(i => $$"""{"slot":{{i}},"gfn":{{1023 - i}},"pages":1}"""));
        string operations = string.Join(',', Enumerable.Repeat("""{"do":"unmap","page":0,"pages":1024}""", 4096));

        ScenarioFile file = ScenarioFileReader.Parse(Head + $$""" "slots":[{{slots}}],"actors":[{"name":"h","kind":"host","does":[{{operations}}]}]}""", "x.scenario.json");

        Assert.Equal(4096, Assert.Single(file.Actors).Does.Count);
    }

    [Fact]
    public void Parse_MinimalFile_HasDefaults()
    {
        ScenarioFile file = ScenarioFileReader.Parse(Head + Slots + Actors + "}", "folder/My_Race.scenario.json");
        Assert.Equal("my-race", file.Name);
        Assert.Equal(("", "", null, "anonymous"), (file.Summary, file.Source, file.Windows, file.Backing));
        Assert.Equal(new ScenarioFileSlot(0, 1, 4, 1), Assert.Single(file.Slots));
        Assert.Empty(file.Untouched);
        Assert.Empty(file.Mapped);
        Assert.Null(file.Invariants);
        Assert.Equal(new ScenarioFileOperation("read") { Gfn = 1 }, Assert.Single(Assert.Single(file.Actors).Does));
    }

    [Fact]
    public void Parse_FramesOfSlotsThatCome_AreAccepted()
    {
        const string Rest = """
            "actors": [
              { "name": "v", "kind": "vcpu", "does": [ { "do": "read", "gfn": 20 }, { "do": "write", "gfn": 31 } ] },
              { "name": "h", "kind": "host", "does": [ { "do": "unmap", "page": 40, "pages": 2 }, { "do": "mremap", "page": 1, "to": 50 }, { "do": "unmap", "page": 50 } ] },
              { "name": "m", "kind": "memslots", "does": [
                { "do": "moveSlot", "slot": 0, "gfn": 17 },
                { "do": "createSlot", "slot": 1, "gfn": 30, "pages": 2, "page": 40, "flags": ["logDirtyPages"] } ] },
              { "name": "d", "kind": "dirtyLog", "does": [ { "do": "getDirtyLog", "slot": 1 } ] }
            ]
            """;
        Assert.Equal(4, ScenarioFileReader.Parse(Head + Slots + Rest + "}", "x").Actors.Count);
    }

    [Fact]
    public void Read_WhatIsNoFile_SaysSo()
    {
        using var temporary = new TemporaryFolder();
        string folder = temporary.Path;
        string missing = Path.Combine(folder, "missing.scenario.json");
        Assert.Equal($"{missing}: there is no such file", Assert.Throws<ScenarioFileException>(() => ScenarioFileReader.Read(missing)).Message);
        Assert.Equal($"{folder}: it is a folder, not a scenario file", Assert.Throws<ScenarioFileException>(() => ScenarioFileReader.Read(folder)).Message);
        string binary = Path.Combine(folder, "binary.scenario.json");
        File.WriteAllBytes(binary, [0xff, 0xfe, 0x00, 0xd8]);
        Assert.Equal($"{binary}: it is not text", Assert.Throws<ScenarioFileException>(() => ScenarioFileReader.Read(binary)).Message);
    }

    private static void Refused(string text, string problem)
    {
        string message = Assert.Throws<ScenarioFileException>(() => ScenarioFileReader.Parse(text, "x.scenario.json")).Message;
        Assert.Equal($"x.scenario.json: {problem}", message);
        Assert.DoesNotContain('\n', message);
    }
}
