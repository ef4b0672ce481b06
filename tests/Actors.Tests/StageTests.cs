namespace MmuStress.Actors.Tests;

public sealed class StageTests
{
    [Fact]
    public void Clear_TakesEverythingOff()
    {
        var vm = new ActorFixture();
        var stage = new Stage(vm.Machine);
        stage.Add(vm.Host, new TestsPage(1), new TestsPage(2));
        stage.Add(vm.Guest);
        stage.Finally(static _ => default, checkLeaks: true);
        stage.CheckAtEnd(static () => { });
        stage.Count("things", static () => 3);
        stage.Rounds = 5;
        Assert.Equal(["host", "vcpu0"], stage.Parts.Select(part => part.Actor.Name));
        Assert.Equal(2, stage.Parts[0].Script.Length);
        Assert.Equal(3, Assert.Single(stage.Counters).Read());
        Assert.True(stage.ChecksLeaks);

        stage.Clear();
        Assert.Empty(stage.Parts);
        Assert.Empty(stage.EndChecks);
        Assert.Empty(stage.Counters);
        Assert.Null(stage.Epilogue);
        Assert.Equal((false, 1), (stage.ChecksLeaks, stage.Rounds));
    }

    [Fact]
    public void Messages_PrintAsWhatTheyAskFor() =>
        Assert.Equal("UnmapsPages { First = 1, Count = 2, MayBlock = True }", new UnmapsPages(1, 2).ToString());
}
