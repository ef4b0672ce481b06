using System.Globalization;
using System.Text;
using System.Xml;

namespace MmuStress.Cli;

/// <summary>Results as JUnit XML, for CI systems.</summary>
internal static class JUnitReport
{
    private const string Tool = "mmu-stress";

    /// <summary>Writes the report, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="suite">What ran: "explore all".</param>
    /// <param name="cases">The results.</param>
    /// <exception cref="UsageException">It cannot be written.</exception>
    public static void Write(string path, string suite, IReadOnlyList<JUnitCase> cases)
    {
        using var buffer = new MemoryStream();
        using (var xml = XmlWriter.Create(buffer, new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(false), NewLineChars = "\n" }))
        {
            xml.WriteStartElement("testsuites");
            WriteCounts(xml, $"{Tool} {suite}", cases);
            xml.WriteStartElement("testsuite");
            WriteCounts(xml, $"{Tool} {suite}", cases);
            foreach (JUnitCase result in cases)
            {
                xml.WriteStartElement("testcase");
                xml.WriteAttributeString("classname", result.Group);
                xml.WriteAttributeString("name", result.Name);
                xml.WriteAttributeString("time", Time(result.Seconds));
                if (result.Failure is not null)
                {
                    xml.WriteStartElement("failure");
                    xml.WriteAttributeString("message", Clean(result.Failure));
                    xml.WriteString(Clean(result.Text));
                    xml.WriteEndElement();
                }
                else if (result.Text.Length != 0)
                {
                    xml.WriteElementString("system-out", Clean(result.Text));
                }

                xml.WriteEndElement();
            }

            xml.WriteEndElement();
            xml.WriteEndElement();
        }

        buffer.WriteByte((byte)'\n');
        Writable.Write(path, buffer.ToArray());
    }

    private static void WriteCounts(XmlWriter xml, string name, IReadOnlyList<JUnitCase> cases)
    {
        xml.WriteAttributeString("name", name);
        xml.WriteAttributeString("tests", cases.Count.ToString(CultureInfo.InvariantCulture));
        xml.WriteAttributeString("failures", cases.Count(c => c.Failure is not null).ToString(CultureInfo.InvariantCulture));
        xml.WriteAttributeString("errors", "0");
        xml.WriteAttributeString("time", Time(cases.Sum(c => c.Seconds)));
    }

    private static string Time(double seconds) => seconds.ToString("0.000", CultureInfo.InvariantCulture);

    // A message may quote anything; XML has no way to write most control characters.
    private static string Clean(string text) => string.Concat(text.Select(c => XmlConvert.IsXmlChar(c) ? c : '?'));
}
