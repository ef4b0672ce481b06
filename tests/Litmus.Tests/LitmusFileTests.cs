using MmuStress.Explorer;

namespace MmuStress.Litmus.Tests;

/// <summary>The litmus tests in Tests/, each with the verdict that its comment gives.</summary>
public sealed class LitmusFileTests
{
    public static TheoryData<string> Files
    {
        get
        {
            var files = new TheoryData<string>();
            foreach (string file in Directory.GetFiles(Folder.Of("Tests"), "*.litmus").Order(StringComparer.Ordinal))
            {
                files.Add(Path.GetFileNameWithoutExtension(file));
            }

            return files;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void File_UnderLkmm_IsAsItsCommentSays(string name)
    {
        LitmusTest test = Read(name);
        LitmusResult result = new LitmusChecker(new Lkmm()).Check(test);
        Assert.Equal(name, test.Name);
        Assert.NotNull(test.Expected);
        Assert.Equal(test.Expected.ToString(), result.Summary);
        Assert.True(result.AreAllStates);
    }

    /// <summary>The verdict is the same where states are not listed but looked for.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void File_WithoutListingStates_HasTheSameVerdict(string name)
    {
        LitmusTest test = Read(name);
        if (test.Expected!.HasDataRace)
        {
            return;
        }

        LitmusResult result = new LitmusChecker(new Lkmm(), new LitmusLimits { StateChecks = 0 }).Check(test);
        Assert.Equal(test.Expected.ToString(), result.Summary);
    }

    [Theory]
    [InlineData("SB", "Never", "Sometimes", "Sometimes")]
    [InlineData("SB+mb+mb", "Never", "Never", "Never")]
    [InlineData("SB+xchg-relaxed", "Never", "Never", "Sometimes")]
    [InlineData("MP", "Never", "Never", "Sometimes")]
    [InlineData("LB", "Never", "Never", "Sometimes")]
    [InlineData("R", "Never", "Sometimes", "Sometimes")]
    [InlineData("R+mb+mb", "Never", "Never", "Never")]
    [InlineData("S", "Never", "Never", "Sometimes")]
    [InlineData("2+2W", "Never", "Never", "Sometimes")]
    [InlineData("IRIW+rmbs", "Never", "Never", "Sometimes")]
    [InlineData("WRC+po+po", "Never", "Never", "Sometimes")]
    [InlineData("MP+two-locks", "Never", "Never", "Sometimes")]
    [InlineData("RCU-MP", "Never", "Never", "Never")]
    [InlineData("RCU-LB-1-2", "Never", "Never", "Sometimes")]
    [InlineData("RCU-self", "DEADLOCK", "DEADLOCK", "DEADLOCK")]
    [InlineData("Self-deadlock", "DEADLOCK", "DEADLOCK", "DEADLOCK")]
    [InlineData("Atomic+inc+inc", "Always", "Always", "Always")]
    public void File_UnderEachModel_HasTheVerdictOfTheLiterature(string name, string sc, string tso, string lkmm)
    {
        LitmusTest test = Read(name);
        Assert.Equal(
            (sc, tso, lkmm),
            (new LitmusChecker(new Sc()).Check(test).Summary, new LitmusChecker(new Tso()).Check(test).Summary, new LitmusChecker(new Lkmm()).Check(test).Summary));
    }

    private static LitmusTest Read(string name) => LitmusTest.Parse(File.ReadAllText(Path.Combine(Folder.Of("Tests"), name + ".litmus")));
}
