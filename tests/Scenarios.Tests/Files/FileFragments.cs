using System.Text;

namespace MmuStress.Scenarios.Tests;

/// <summary>Small scenario files, written by hand: each operation in a situation where it matters.</summary>
internal static class FileFragments
{
    private const string Writer = """{ "name": "v", "kind": "vcpu", "does": [ { "do": "write", "gfn": 1 }, { "do": "read", "gfn": 1 } ] }""";
    private const string Reader = """{ "name": "v", "kind": "vcpu", "does": [ { "do": "read", "gfn": 1 } ] }""";
    private const string Two = """{ "slot": 0, "gfn": 1, "pages": 2 }""";
    private const string Logged = """{ "slot": 0, "gfn": 1, "pages": 2, "flags": ["logDirtyPages"] }""";
    private const string Mapped = """ "mapped": [ { "gfn": 1, "pages": 2, "write": true } ],""";

    private static readonly Dictionary<string, string> All = new(StringComparer.Ordinal)
    {
        ["faults"] = File(Two, "", """{ "name": "v", "kind": "vcpu", "does": [ { "do": "faultRead", "gfn": 1 }, { "do": "faultWrite", "gfn": 1 } ] }""", Host("""{ "do": "unmap", "page": 1 }""")),
        ["unmap"] = File(Two, Mapped, Writer, Host("""{ "do": "unmap", "page": 1, "pages": 2 }""")),
        ["munmap"] = File(Two, Mapped, Writer, Host("""{ "do": "munmap", "page": 1 }""")),
        ["mmap"] = File(Two, Mapped, Reader, Host("""{ "do": "munmap", "page": 1 }, { "do": "mmap", "page": 1, "pages": 2 }""")),
        ["protect"] = File(Two, Mapped, Writer, Host("""{ "do": "protect", "page": 1, "pages": 2 }""")),
        ["protect-none"] = File(Two, Mapped, Reader, Host("""{ "do": "protectNone", "page": 1 }, { "do": "unprotect", "page": 1 }""")),
        ["unprotect"] = File(Two, Mapped, Writer, Host("""{ "do": "protect", "page": 1, "pages": 2 }, { "do": "unprotect", "page": 1, "pages": 2 }""")),
        ["mremap"] = File(Two, Mapped, Reader, Host("""{ "do": "mremap", "page": 1, "to": 8 }, { "do": "mremap", "page": 8, "to": 2 }""")),
        ["fork"] = File(Two, Mapped, Writer, Host("""{ "do": "fork", "page": 1, "pages": 2 }""")),
        ["fork-twice"] = File(Two, Mapped, Reader, Host("""{ "do": "fork", "page": 1 }, { "do": "fork", "page": 1 }""")),
        ["fork-write"] = File(Two, Mapped, Reader, Host("""{ "do": "fork", "page": 1 }, { "do": "write", "page": 1 }""")),
        ["write-shared"] = File(Two, Mapped, """{ "name": "v", "kind": "vcpu", "does": [ { "do": "read", "gfn": 1 }, { "do": "read", "gfn": 1 } ] }""", Host("""{ "do": "fork", "page": 1 }, { "do": "write", "page": 1 }""")),
        ["merge"] = File(Two, Mapped, Reader, Host("""{ "do": "merge", "page": 2, "with": 1 }""")),
        ["migrate"] = File(Two, Mapped, Writer, Host("""{ "do": "migrate", "page": 1 }""")),
        ["age"] = File(Two, Mapped, Writer, Host("""{ "do": "age", "page": 1, "pages": 2 }, { "do": "testYoung", "page": 1 }""")),
        ["clear-young"] = File(Two, Mapped, Writer, Host("""{ "do": "clearYoung", "page": 1, "pages": 2 }""")),
        ["collapse"] = File(Two, Mapped, Writer, Host("""{ "do": "collapse", "page": 1, "pages": 2 }""")),
        ["split"] = File(Two, """ "backing": "anonymous_thp",""" + Mapped, Writer, Host("""{ "do": "split", "page": 1, "pages": 2 }""")),
        ["create-slot"] = File(Two, "", """{ "name": "v", "kind": "vcpu", "does": [ { "do": "write", "gfn": 8 } ] }""", Slots("""{ "do": "createSlot", "slot": 1, "gfn": 8, "pages": 1, "page": 5 }""")),
        ["delete-slot"] = File(Two, Mapped, Writer, Slots("""{ "do": "deleteSlot", "slot": 0 }, { "do": "createSlot", "slot": 0, "gfn": 1, "pages": 2, "page": 1 }""")),
        ["move-slot"] = File(Two, Mapped, """{ "name": "v", "kind": "vcpu", "does": [ { "do": "write", "gfn": 2 }, { "do": "read", "gfn": 2 } ] }""", Slots("""{ "do": "moveSlot", "slot": 0, "gfn": 2 }""")),
        ["set-flags"] = File(Two, Mapped, Writer, Slots("""{ "do": "setFlags", "slot": 0, "flags": ["logDirtyPages"] }""")),
        ["get-dirty-log"] = File(Logged, Mapped, Writer, Log("""{ "do": "getDirtyLog", "slot": 0 }""")),
        ["clear-dirty-log"] = File(Logged, Mapped, Writer, Log("""{ "do": "getDirtyLog", "slot": 0 }, { "do": "clearDirtyLog", "slot": 0 }""")),
        ["readonly"] = File("""{ "slot": 0, "gfn": 1, "pages": 2, "flags": ["readonly"] }""", """ "mapped": [ { "gfn": 1 } ],""", Writer, Host("""{ "do": "unmap", "page": 1 }""")),
        ["untouched"] = File(Two, """ "untouched": [ { "page": 1, "pages": 2 } ],""", Reader, """{ "name": "w", "kind": "vcpu", "does": [ { "do": "write", "gfn": 1 } ] }"""),
        ["aliases"] = File("""{ "slot": 3, "gfn": 0, "pages": 1, "page": 0 }, { "slot": 5, "gfn": 4, "pages": 1, "page": 0 }""", "", """{ "name": "v", "kind": "vcpu", "does": [ { "do": "write", "gfn": 0 }, { "do": "read", "gfn": 4 } ] }""", Host("""{ "do": "migrate", "page": 0 }""")),
        ["no-vcpu"] = File(Two, "", Host("""{ "do": "unmap", "page": 1, "pages": 2 }"""), Slots("""{ "do": "deleteSlot", "slot": 0 }""")),
    };

    public static IEnumerable<string> Names => All.Keys;

    public static ScenarioFile Of(string name) => ScenarioFileReader.Parse(All[name], $"{name}.scenario.json");

    public static ScenarioRun On(string name, string mmu) => On(Of(name), mmu);

    public static ScenarioRun On(ScenarioFile file, string mmu)
    {
        var scenario = new FileScenario(file);
        return new ScenarioRun(scenario, scenario.Defaults, mmu);
    }

    private static string Host(string does) => Actor("h", "host", does);

    private static string Slots(string does) => Actor("m", "memslots", does);

    private static string Log(string does) => Actor("d", "dirtyLog", does);

    private static string Actor(string name, string kind, string does) => $$"""{ "name": "{{name}}", "kind": "{{kind}}", "does": [ {{does}} ] }""";

    private static string File(string slots, string more, params string[] actors)
    {
        var text = new StringBuilder("""{ "format": "mmu-stress scenario", "version": 1, "slots": [ """).Append(slots).Append(" ],").Append(more).Append(""" "actors": [ """);
        return text.AppendJoin(", ", actors).Append(" ] }").ToString();
    }
}
