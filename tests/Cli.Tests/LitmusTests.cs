using System.Text;

namespace MmuStress.Cli.Tests;

public sealed class LitmusTests
{
    private const string StoreBuffering =
        """
        C SB

        (* Result: Sometimes *)

        {}

        P0(int *x, int *y)
        {
        	WRITE_ONCE(*x, 1);
        	int r0 = READ_ONCE(*y);
        }

        P1(int *x, int *y)
        {
        	WRITE_ONCE(*y, 1);
        	int r0 = READ_ONCE(*x);
        }

        exists (0:r0=0 /\ 1:r0=0)

        """;

    private const string Race =
        """
        C Race

        (* Result: Never DATARACE *)

        {}

        P0(int *x)
        {
        	*x = 1;
        }

        P1(int *x)
        {
        	int r0 = *x;
        }

        exists (1:r0=1)

        """;

    private const string Loop = "C Loop\n{}\nP0(int *x)\n{\n\twhile (1)\n\t\tWRITE_ONCE(*x, 1);\n}\nexists (x=1)\n";

    private static readonly (string Name, string Text)[] Bad =
    [
        ("empty", ""),
        ("blank", "\n\n  \n"),
        ("binary", "C x\0\u0001\u0002"),
        ("garbage", "#!/bin/sh\necho hello\n"),
        ("control", "C x\n{}\nP0(int *x)\n{\n\u0007\n}\nexists (x=1)\n"),
        ("prose", "C is a language of which much could be said\nbut not here\n"),
        ("other-dialect", "PPC MP\n{\n0:r2=x;\n}\n P0 ;\n li r1,1 ;\nexists (0:r1=1)\n"),
        ("truncated-state", "C T\n{\n\tint x = 1;\n"),
        ("truncated-comment", "C T\n(* Result: Never\n{}\nP0(int *x)\n{\n}\nexists (x=1)\n"),
        ("truncated-process", "C T\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(*x, 1);\n"),
        ("truncated-call", "C T\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(*x,"),
        ("truncated-if", "C T\n{}\nP0(int *x)\n{\n\tif (READ_ONCE(*x)) {\n\t\tWRITE_ONCE(*x, 1);\n\t}\n"),
        ("truncated-no-condition", "C T\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(*x, 1);\n}\n"),
        ("truncated-condition", "C T\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(*x, 1);\n}\nexists (x=1 /\\ "),
        ("truncated-lisa", "LISA T\n{}\n P0 | P1 ;\n w[once] x 1 | r[once] r1"),
        ("more-after-condition", "C T\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(*x, 1);\n}\nexists (x=1) x\n"),
        ("unknown-function", "C T\n{}\nP0(int *x)\n{\n\tsmp_frobnicate(x);\n}\nexists (x=1)\n"),
        ("unknown-instruction", "LISA T\n{}\n P0 ;\n q[once] x 1 ;\nexists (x=1)\n"),
        ("unknown-fence", "LISA T\n{}\n P0 ;\n f[eieio] ;\nexists (x=1)\n"),
        ("register-never-set", "C T\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(*x, r1);\n}\nexists (x=1)\n"),
        ("register-never-set-in-condition", "C T\n{}\nP0(int *x)\n{\n\tint r1;\n\tWRITE_ONCE(*x, 1);\n}\nexists (0:r1=1)\n"),
        ("register-of-nobody", "C T\n{}\nP0(int *x)\n{\n\tint r1 = READ_ONCE(*x);\n}\nexists (7:r1=1)\n"),
        ("location-of-nobody", "C T\n{}\nP0(int *x)\n{\n\tint r1 = READ_ONCE(*x);\n}\nexists (nowhere=1)\n"),
        ("processes-100", Processes(100)),
        ("process-twice", "C T\n{}\nP0(int *x)\n{\n}\nP0(int *x)\n{\n}\nexists (x=1)\n"),
        ("loop", Loop),
        ("lisa-loop", "LISA T\n{}\n P0 ;\n L0: ;\n r[once] r1 x ;\n b[] r1 L0 ;\nexists (x=1)\n"),
        ("no-pointer", "C T\n{}\nP0(int x)\n{\n}\nexists (x=1)\n"),
        ("not-memory", "C T\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(x, 1);\n}\nexists (x=1)\n"),
        ("wild-address", "C T\n{\nint *p = 5;\n}\nP0(int **p)\n{\n\tint *r1 = READ_ONCE(*p);\n\tint r2 = READ_ONCE(*r1);\n}\nexists (0:r2=0)\n"),
        ("lock-and-data", "C T\n{}\nP0(spinlock_t *l)\n{\n\tspin_lock(l);\n\tspin_unlock(l);\n\tWRITE_ONCE(*l, 1);\n}\nexists (l=1)\n"),
        ("unlock-only", "C T\n{}\nP0(spinlock_t *l, int *x)\n{\n\tspin_unlock(l);\n\tWRITE_ONCE(*x, 1);\n}\nexists (x=1)\n"),
        ("big-number", "C T\n{}\nP0(int *x)\n{\n\tWRITE_ONCE(*x, 99999999999999999999);\n}\nexists (x=1)\n"),
        ("member", "C T\n{}\nP0(struct foo *x)\n{\n\tint r1 = READ_ONCE(x->a);\n}\nexists (0:r1=1)\n"),
    ];

    [Fact]
    public void BadFiles_AreOneLineEach_WithExitCode2Or3()
    {
        using var folder = new TemporaryFolder();
        var text = new StringBuilder();
        foreach ((string name, string content) in Bad)
        {
            string file = folder.Write(name + ".litmus", content);
            Outcome outcome = Cli.Run("litmus", file, "--no-progress");
            Assert.True(outcome.Code is 2 or 3, name);
            Assert.Equal("", outcome.Out);
            Assert.True(outcome.Error.Count(c => c == '\n') == 1 && outcome.Error.EndsWith('\n'), name);
            text.Append(outcome.Code).Append(' ').Append(outcome.Error.Replace(folder.Path + "/", "", StringComparison.Ordinal));
        }

        Golden.Matches("litmus-errors.txt", text.ToString());
    }

    [Fact]
    public void File_Alone_PrintsItsStates()
    {
        using var folder = new TemporaryFolder();
        Outcome outcome = Cli.Run("litmus", folder.Write("sb.litmus", StoreBuffering), "--compare");
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Golden.Matches("litmus.txt", outcome.Out.Replace(folder.Path + "/", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Folder_IsATable_AndRefusalsAreExitCode3()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.Of("deep"));
        folder.Write("deep/sb.litmus", StoreBuffering);
        folder.Write("race.litmus", Race);
        folder.Write("loop.litmus", Loop);
        folder.Write("other.txt", "not looked at");
        Outcome outcome = Cli.Run("litmus", folder.Path, "--compare");
        Assert.Equal(3, outcome.Code);

        // Columns are as wide as the folder's name is long.
        string text = (outcome.Out + outcome.Error).Replace(folder.Path + "/", "", StringComparison.Ordinal);
        Golden.Matches("litmus-folder.txt", string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public void Compare_Disagreement_IsExitCode1_AlsoWhereSomethingIsRefused()
    {
        using var folder = new TemporaryFolder();
        folder.Write("sb.litmus", StoreBuffering.Replace("Sometimes", "Never", StringComparison.Ordinal));
        folder.Write("loop.litmus", Loop);
        Outcome outcome = Cli.Run("litmus", folder.Path, "--compare", "--json");
        Assert.Equal(1, outcome.Code);
        Assert.Equal(
            ["command", "memory", "files", "accepted", "agreed", "disagreed", "refused", "forgiven", "results"],
            outcome.Json.Select(p => p.Key));
        Assert.Equal((2, 1, 0), ((int)outcome.Json["files"]!, (int)outcome.Json["accepted"]!, (int)outcome.Json["agreed"]!));
        Assert.Equal(("Never", "Sometimes"), ((string?)outcome.Json["disagreed"]![0]!["expected"], (string?)outcome.Json["disagreed"]![0]!["seen"]));
        Assert.Equal("line 5: 'while' is not supported", (string?)outcome.Json["refused"]![0]!["reason"]);
    }

    [Theory]
    [InlineData("lkmm", "Sometimes")]
    [InlineData("tso", "Sometimes")]
    [InlineData("sc", "Never")]
    public void Memory_DecidesTheVerdict(string memory, string verdict)
    {
        using var folder = new TemporaryFolder();
        Outcome outcome = Cli.Run("litmus", folder.Write("sb.litmus", StoreBuffering), "--memory", memory, "--json", "--workers", "1");
        Assert.Equal((0, verdict), (outcome.Code, (string?)outcome.Json["results"]![0]!["seen"]));
    }

    [Theory]
    [InlineData("litmus no-such-file", "no-such-file: there is no such file or folder")]
    [InlineData("litmus", "litmus needs a FILE; 'mmu-stress litmus --help' says more")]
    [InlineData("litmus x --memory lkm", "there is no memory model 'lkm'; did you mean 'lkmm'?")]
    public void BadUsage_IsRefused(string line, string message) => Cli.Run(line.Split(' ')).Refused(message);

    [Fact]
    public void Folder_WithoutTests_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Cli.Run("litmus", folder.Path).Refused($"{folder.Path}: there is no *.litmus in this folder");
    }

    [Fact]
    public void TruncatedAnywhere_IsNeverAWrongVerdict()
    {
        using var folder = new TemporaryFolder();
        int end = StoreBuffering.LastIndexOf(')');
        for (int length = 0; length < end; length++)
        {
            Outcome outcome = Cli.Run("litmus", folder.Write("t.litmus", StoreBuffering[..length]), "--no-progress");
            Assert.True(outcome.Code is 2 or 3, $"cut after {length} characters");
        }
    }

    private static string Processes(int count) =>
        "C T\n{}\n" + string.Concat(Enumerable.Range(0, count).Select(i => $"P{i}(int *x)\n{{\n\tWRITE_ONCE(*x, {i});\n}}\n")) + "exists (x=1)\n";
}
